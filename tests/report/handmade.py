"""Hand-made records for the tests of the report: every outcome, every section, and sections that are not there."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audit.records.audit import AuditRecord
from audit.records.measured import Estimate, Exact, Undefined
from audit.records.observation import Observation, encoded
from audit.records.people import (
    Counterfactual,
    Difference,
    Neighbour,
    PartFacts,
    PeopleFacts,
    Person,
    Reason,
    ReasonGroup,
)
from audit.records.policy import AttestationRecord, PackRecord, ParameterRecord, WaiverRecord
from audit.records.provenance import FileDigest, Provenance, Run
from audit.records.sections import (
    AttributionMethodFacts,
    AttributionSection,
    Case,
    CheckFacts,
    ColumnFacts,
    Confusion,
    Contribution,
    CrossValidation,
    Curve,
    Density,
    EfficiencySection,
    FairnessSection,
    FoldFacts,
    GroupFacts,
    GroupingFacts,
    MeasureFacts,
    ModelFacts,
    PeerFacts,
    PerformanceSection,
    RobustnessSection,
    StageStatus,
    SubjectSection,
    TableFacts,
)
from audit.records.spec import AuditSpec, ContextSpec, DataSpec, DecisionSpec, ModelSpec, SensitiveSpec
from audit.records.verdict import Citation, Conclusion, Limit, Outcome, Part, Verdict

SHA = "4f5e" * 16
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "x" * 200,
    "家庭年收入与贷款金额之比",
    "🎉 party",
    "=cmd()|' /C calc'!A0",
    "\u202eright to left",
    "عمر الشخص",
    "quote \" and ' and & and </style>",
)


def estimate(value: float, half: float, n: int = 1563, method: str = "bootstrap") -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, level=0.95, method=method, n=n)


def observed(id: str, label: str, measured: object, scope: str = "held_out", better: bool | None = True) -> Observation:
    return Observation(id=id, label=label, measured=measured, scope=scope, higher_is_better=better)  # type: ignore[arg-type]


def measure(name: str, label: str, better: bool | None = True, high: float | None = 1.0) -> MeasureFacts:
    return MeasureFacts(
        name=name,
        label=label,
        higher_is_better=better,
        bounds=(0.0, high),
        description=f"What {label} says of the rows.",
        formula="(TP + TN) / n",
        source="doi:10.1000/182",
    )


BINARY_MEASURES = (
    measure("roc_auc", "ROC AUC"),
    measure("average_precision", "Average precision"),
    measure("balanced_accuracy", "Balanced accuracy"),
    measure("accuracy", "Accuracy"),
    measure("f1", "F1"),
    measure("precision", "Precision"),
    measure("recall", "Recall"),
    measure("brier_score", "Brier score", False),
    measure("log_loss", "Log loss", False, None),
    measure("expected_calibration_error", "Expected calibration error", False),
)


def binary(
    outcome: str = "does_not_meet", features: Sequence[str] = ("age", "income", "employed", "prior_arrests")
) -> AuditRecord:
    """A binary model with every section and every outcome."""
    groupings = (
        grouping("sex", ("female", "male")),
        grouping("race", ("black", "white", "asian"), small=("asian",), unknown=True),
    )
    crossed = crossing("sex", ("female", "male"), "race", ("black", "white"))
    observations = (
        *performance_observations(),
        *fairness_observations((*groupings, crossed)),
        *attribution_observations("shap", features),
        *attribution_observations("permutation_importance", features),
        *reason_observations(features[0]),
        observed("robustness/psi/income", "Population stability of income", estimate(0.043, 0.02), better=False),
        observed(
            "robustness/duplicates/train_test", "Rows in both train and test", Exact(value=3, n=1563), better=False
        ),
        observed(
            "efficiency/model_size", "Size of the model file", Exact(value=183_224, unit="bytes", n=0), better=None
        ),
    )
    return AuditRecord(
        spec=spec(features),
        provenance=provenance(),
        subject=subject(features),
        performance=performance(),
        fairness=FairnessSection(
            groupings=(*groupings, crossed),
            measures=(
                measure("selection_rate", "Selection rate", None),
                measure("false_positive_rate", "False positive rate", False),
                measure("false_negative_rate", "False negative rate", False),
                measure("accuracy", "Accuracy"),
                measure("brier_score", "Brier score", False),
            ),
            disparities=(
                measure("impact_ratio", "Impact ratio", True, None),
                measure("demographic_parity", "Demographic parity", None),
            ),
            favourable="released",
            notes=("Two rows without a value of sex were left out of intersections.",),
        ),
        attribution=attribution(features),
        robustness=robustness(),
        efficiency=EfficiencySection(notes=("A prediction needs about 12 kB of memory a row.",)),
        stages=tuple(
            StageStatus(stage=s, status="done")
            for s in ("performance", "fairness", "attribution", "robustness", "efficiency")
        ),
        warnings=("ConvergenceWarning: lbfgs failed to converge (status=1).", "Column zip was read as text."),
        observations=observations,
        packs=packs(),
        verdicts=verdicts(),
        conclusion=conclusion(outcome),
        run=Run(
            started="2026-11-22T04:00:00+00:00",
            host="a-host",
            latency={"latency_p50/batch=1": 0.0012},
            command="audit run x",
        ),
    ).sealed()


def spec(features: Sequence[str], title: str = "Release decisions after arrest") -> AuditSpec:
    return AuditSpec(
        title=title,
        context=ContextSpec(
            owner="Risk models team",
            purpose="Suggest whether a person arrested for possession is released with a summons.",
            use_case="criminal_justice",
            jurisdiction=("US",),
            version="3.1",
            out_of_scope=("Bail amounts", "Juvenile cases"),
            facts={"output_kind": "score", "affected_people": 5226, "reviewed": True},
        ),
        model=ModelSpec(path="model.skops", name="release-ranker"),
        data=DataSpec(test="test.csv", train="train.csv", target="released"),
        decision=DecisionSpec(positive="released", favourable="released"),
        sensitive=SensitiveSpec(features=("sex", "race"), intersections=(("sex", "race"),)),
    )


def provenance() -> Provenance:
    roles = (
        ("spec", "audit.yaml"),
        ("model", "model.skops"),
        ("test", "test.csv"),
        ("train", "train.csv"),
        ("pack", "technical-soundness.yaml"),
    )
    return Provenance(
        files=tuple(FileDigest(role=r, name=n, sha256=SHA, size=18_322 * i) for i, (r, n) in enumerate(roles, 1)),
        versions={"python": "3.12.3", "numpy": "2.3.4", "pandas": "3.0.0", "scikit-learn": "1.9.0", "shap": "0.51.0"},
        seed=7,
        sandbox="no network, limited memory",
        date="2026-11-22",
    )


def subject(features: Sequence[str]) -> SubjectSection:
    columns = tuple(
        ColumnFacts(
            name=f, kind="numeric", missing=12 * i, distinct=40 + i, role="feature", summary="12 to 99, median 31"
        )
        for i, f in enumerate(features)
    )
    return SubjectSection(
        task="binary",
        model=ModelFacts(
            name="release-ranker",
            format="skops",
            type="Pipeline(ColumnTransformer, HistGradientBoostingClassifier)",
            sha256=SHA,
            size=183_224,
            refittable=True,
            parameters={"max_iter": "200", "learning_rate": "0.1", "random_state": "0"},
        ),
        tables=(
            TableFacts(
                role="test",
                name="test.csv",
                sha256=SHA,
                rows=1568,
                rows_used=1563,
                dropped={"no label": 5},
                columns=columns,
                ignored=("case_number",),
                target_counts={"released": 1296, "held": 267},
            ),
            TableFacts(
                role="train",
                name="train.csv",
                sha256=SHA,
                rows=3658,
                rows_used=3658,
                target_counts={"released": 3038, "held": 620},
            ),
        ),
        features=tuple(features),
        classes=("held", "released"),
        positive="released",
        favourable="released",
        threshold=0.5,
        sensitive_in_model=("sex",),
    )


def performance() -> PerformanceSection:
    grid = [i / 60 for i in range(61)]
    roc = Curve(
        x_label="False positive rate",
        y_label="True positive rate",
        x=tuple(grid),
        y=tuple(x**0.35 for x in grid),
        low=tuple(max(0.0, x**0.35 - 0.05) for x in grid),
        high=tuple(min(1.0, x**0.35 + 0.05) for x in grid),
        at=(None, *(1 - x for x in grid[1:])),
    )
    precision = Curve(x_label="Recall", y_label="Precision", x=tuple(grid), y=tuple(1 - 0.3 * x * x for x in grid))
    bins = [0.05 + i / 10 for i in range(10)]
    calibration = Curve(
        x_label="Mean predicted probability",
        y_label="Observed share",
        x=tuple(bins),
        y=tuple(min(1.0, b * 0.9 + 0.03) for b in bins),
        low=tuple(max(0.0, b * 0.9 - 0.05) for b in bins),
        high=tuple(min(1.0, b * 0.9 + 0.11) for b in bins),
        n=(12, 20, 33, 40, 61, 80, 120, 190, 320, 687),
    )
    scores = {
        name: Curve(
            x_label="Score",
            y_label="Share of rows",
            x=tuple(bins),
            y=tuple(math.exp(-((b - m) ** 2) / 0.05) for b in bins),
        )
        for name, m in (("held", 0.4), ("released", 0.8))
    }
    return PerformanceSection(
        measures=BINARY_MEASURES,
        headline="roc_auc",
        curves={
            "roc": {"": roc},
            "precision_recall": {"": precision},
            "calibration": {"": calibration},
            "score_distribution": scores,
        },
        confusion=Confusion(classes=("held", "released"), counts=((141, 126), (88, 1208)), scope="held_out"),
        cross_validation=CrossValidation(
            done=True,
            by="stratified",
            folds=tuple(FoldFacts(fold=i, train_rows=2926, test_rows=732) for i in range(1, 6)),
        ),
        peers=(
            PeerFacts(name="dummy", type="the most frequent class"),
            PeerFacts(name="baseline", type="logistic regression"),
        ),
        notes=("Precision is undefined where nothing is predicted positive.",),
    )


def performance_observations() -> tuple[Observation, ...]:
    values = (0.834, 0.912, 0.741, 0.863, 0.918, 0.905, 0.932, 0.104, 0.341, 0.021)
    made = []
    for m, v in zip(BINARY_MEASURES, values, strict=True):
        better = m.higher_is_better
        made += [
            observed(f"performance/{m.name}", m.label, estimate(v, 0.02), better=better),
            observed(
                f"performance/{m.name}/cross_validated", m.label, estimate(v - 0.01, 0.015, 3658), "out_of_fold", better
            ),
            observed(f"performance/{m.name}/train", m.label, Exact(value=v + 0.04, n=3658), "train", better),
            observed(f"performance/{m.name}/dummy", f"{m.label} of the dummy", estimate(v / 2, 0.02), better=better),
            observed(
                f"performance/{m.name}/baseline", f"{m.label} of the baseline", estimate(v - 0.05, 0.02), better=better
            ),
            *(
                observed(
                    f"performance/{m.name}/cross_validated/fold={i}",
                    m.label,
                    Exact(value=v - 0.01 * i, n=732),
                    "out_of_fold",
                    better,
                )
                for i in range(1, 6)
            ),
        ]
    made.append(
        observed("performance/roc_auc/gain_over_dummy", "Gain in ROC AUC over the dummy", estimate(0.334, 0.03))
    )
    made.append(observed("performance/f1/class=held", "F1", estimate(0.56, 0.05)))
    made.append(observed("performance/f1/class=released", "F1", estimate(0.91, 0.02)))
    made.append(
        observed(
            "performance/matthews_corrcoef", "Matthews correlation", Undefined(reason="Only one class was predicted.")
        )
    )
    return tuple(made)


def grouping(column: str, names: Sequence[str], small: Sequence[str] = (), unknown: bool = False) -> GroupingFacts:
    groups = [
        GroupFacts(
            key=f"{encoded(column)}={encoded(n)}",
            label=n,
            n=12 if n in small else 400 + 90 * i,
            share=0.01 if n in small else 0.4,
            small=n in small,
        )
        for i, n in enumerate(names)
    ]
    if unknown:
        groups.append(
            GroupFacts(key=f"{encoded(column)}=unknown", label="unknown", n=41, share=0.026, small=False, unknown=True)
        )
    return GroupingFacts(
        key=encoded(column),
        columns=(column,),
        role="race_ethnicity" if column == "race" else None,
        groups=tuple(groups),
    )


def crossing(one: str, ones: Sequence[str], two: str, twos: Sequence[str]) -> GroupingFacts:
    groups = tuple(
        GroupFacts(key=f"{one}={a}&{two}={b}", label=f"{a}, {b}", n=210, share=0.2, small=False)
        for a in ones
        for b in twos
    )
    return GroupingFacts(key=f"{one}&{two}", columns=(one, two), groups=groups)


def fairness_observations(groupings: Sequence[GroupingFacts]) -> tuple[Observation, ...]:
    made = [observed("fairness/selection_rate/overall", "Selection rate", estimate(0.83, 0.02), better=None)]
    names = (
        ("selection_rate", "Selection rate", 0.8),
        ("false_positive_rate", "False positive rate", 0.4),
        ("false_negative_rate", "False negative rate", 0.1),
        ("accuracy", "Accuracy", 0.86),
        ("brier_score", "Brier score", 0.1),
        ("impact_ratio", "Impact ratio", 0.92),
    )
    for division in groupings:
        for name, label, value in names:
            for i, g in enumerate(division.groups):
                measured: object = estimate(value - 0.07 * i, 0.12 if g.small else 0.03, g.n, "wilson")
                if g.small and name == "false_positive_rate":
                    measured = Undefined(reason="No row of this group is negative.")
                made.append(observed(f"fairness/{name}/{g.key}", f"{label}, {g.label}", measured, better=None))
        for name, label, value in names[:4]:
            made.append(
                observed(
                    f"fairness/{name}/{division.key}/ratio",
                    f"{label}, ratio",
                    estimate(value - 0.02, 0.05),
                    better=True,
                )
            )
            made.append(
                observed(
                    f"fairness/{name}/{division.key}/difference",
                    f"{label}, difference",
                    estimate(0.11, 0.04),
                    better=False,
                )
            )
    return tuple(made)


def attribution_observations(method: str, features: Sequence[str]) -> tuple[Observation, ...]:
    return tuple(
        observed(
            f"attribution/{method}/global/{encoded(f)}",
            f"Attribution of {f}",
            estimate(0.5 / (i + 1), 0.06 / (i + 1), 1000),
            better=None,
        )
        for i, f in enumerate(features)
    )


def reason_observations(feature: str) -> tuple[Observation, ...]:
    stem = f"attribution/reasons/given/{encoded(feature)}"
    return (
        observed("attribution/reasons/coverage", "With a true reason", estimate(0.98, 0.01, 200)),
        observed("attribution/counterfactuals/found", "Turned by a change", estimate(0.9, 0.05, 50)),
        observed(stem, f"With the reason {feature}", estimate(0.6, 0.05, 200), better=None),
        observed(f"{stem}/sex=female", f"With the reason {feature}, women", estimate(0.7, 0.1, 60), better=None),
    )


def people(features: Sequence[str]) -> PeopleFacts:
    one, two = features[0], features[-1]
    done = PartFacts(status="done", notes=("It rests on 900 rows.",))
    nearest = Neighbour(
        decided="released",
        score=0.7,
        distance=0.1,
        typical=0.05,
        differences=(Difference(feature=two, value="31", other="44"),),
    )
    change = Counterfactual(
        status="found",
        searched=120,
        columns=3,
        changes=(Difference(feature=one, value="male", other="female"),),
        score=0.55,
        decided="released",
        distance=0.02,
        plausible=True,
    )
    reason = Reason(feature=one, text=f"{one} is male", value="male", reference="female", effect=0.21, gain=0.25)
    first = {"number": 1, "chosen": "largest error", "score": 0.38, "decided": "held", "actual": "released"}
    return PeopleFacts(
        persons=(
            Person(**first, favoured=False, neighbours=(nearest,), counterfactual=change, reasons=(reason,)),
            Person(
                number=2,
                chosen="nearest to the threshold",
                favoured=False,
                counterfactual=Counterfactual(status="none_found", searched=5000, columns=3),
            ),
            Person(number=3, chosen="sex = female", favoured=True, counterfactual=Counterfactual(status="not_needed")),
        ),
        neighbours=done,
        counterfactuals=done,
        reasons=done,
        favourable="released",
        scale="probability",
        denied=200,
        explained=200,
        given=(one,),
        wordings={one: (f"{one} is male",)},
        protected=(two,),
        groups=(ReasonGroup(key="sex=female", label="sex = female", n=60),),
    )


def attribution(features: Sequence[str]) -> AttributionSection:
    edges = tuple(-1 + i / 10 for i in range(21))
    density = tuple(
        Density(
            feature=f,
            edges=edges,
            counts=tuple(int(90 * math.exp(-((e + 0.2) ** 2) * (i + 2) * 3)) for e in edges[:-1]),
            colour=tuple((e + 1) / 2 for e in edges[:-1]),
        )
        for i, f in enumerate(features)
    )
    cases = tuple(
        Case(
            number=n,
            chosen=chosen,
            prediction=0.4 + 0.1 * n,
            base=1.1,
            score=0.62,
            decided="released",
            actual="held",
            contributions=tuple(
                Contribution(feature=f, value="31" if i else "male", attribution=(0.4 if i % 2 else -0.6) / (i + 1))
                for i, f in enumerate(features)
            ),
        )
        for n, chosen in enumerate(("largest error", "nearest to the threshold", "sex = female"), 1)
    )
    return AttributionSection(
        people=people(features),
        methods=(
            AttributionMethodFacts(
                name="shap",
                label="SHAP",
                status="done",
                game="path-dependent Shapley values of the margin",
                scale="log-odds",
                rows=1000,
                rows_available=1563,
                background_rows=0,
                additivity_error=2.4e-14,
                features=tuple(features),
                base={"": 1.1},
                beeswarm={"": density},
                cases=cases,
                notes=("One-hot columns were summed back to the column they came from.",),
            ),
            AttributionMethodFacts(
                name="permutation_importance",
                label="Permutation importance",
                status="done",
                game="loss of ROC AUC when a column is shuffled",
                scale="ROC AUC",
                rows=1563,
                rows_available=1563,
                features=tuple(features),
            ),
            AttributionMethodFacts(
                name="coefficients",
                label="Coefficients",
                status="done",
                game="weights of the fitted line",
                scale="log-odds",
                rows=0,
                table=(("Column", "Weight"), ("age", "−0.021"), ("income", "0.4")),
            ),
            AttributionMethodFacts(
                name="tree", label="Tree rules", status="not_run", reason="The model is no single tree."
            ),
        ),
        notes=("Correlated columns share their attribution.",),
    )


def robustness() -> RobustnessSection:
    return RobustnessSection(
        checks=(
            CheckFacts(
                name="duplicates",
                label="Rows in both train and test",
                status="done",
                summary="3 of 1,563 held-out rows also stand in the training table.",
                observations=("robustness/duplicates/train_test",),
            ),
            CheckFacts(
                name="psi",
                label="Population stability",
                status="done",
                summary="No column moved by more than 0.1.",
                observations=("robustness/psi/income",),
                table=(("Column", "Index", "Largest change"), ("income", "0.043", "bin 7"), ("age", "0.011", "bin 2")),
            ),
            CheckFacts(
                name="perturbation",
                label="Steadiness under noise",
                status="error",
                reason="The model refused a row with noise.",
            ),
            CheckFacts(name="drift", label="Drift over time", status="not_run", reason="The data name no time column."),
        )
    )


OUTCOMES: tuple[Outcome, ...] = (
    "pass",
    "fail",
    "inconclusive",
    "recorded",
    "attested",
    "attestation_missing",
    "attestation_expired",
    "not_applicable",
    "not_run",
    "error",
)


def packs() -> tuple[PackRecord, ...]:
    return (
        PackRecord(
            id="technical-soundness",
            version="1.0.0",
            title="Technical soundness",
            kind="house",
            sha256=SHA,
            status="voluntary",
            caveats=(
                "The pack asks whether the figures can be believed. Whether the use is lawful it does not decide.",
            ),
            params=(
                ParameterRecord(
                    name="max_gap",
                    value=0.05,
                    origin="house",
                    label="Largest gap between train and held-out",
                    overridden=True,
                ),
            ),
        ),
        PackRecord(
            id="us-ugesp-adverse-impact",
            version="1.0.0",
            title="Uniform Guidelines: adverse impact",
            kind="guidance",
            sha256=SHA,
            status="in_force",
            instrument="Uniform Guidelines on Employee Selection Procedures",
            citation="29 CFR part 1607",
            issuer="EEOC",
            checked_on="2026-11-22",
            recheck_by="2027-02-22",
            banner="A rule that would rescind part of the Guidelines is queued; check again before use.",
            caveats=(
                "The four-fifths rule is a rule of thumb, not a legal definition.",
                "Whether a practice is unlawful is for a court.",
            ),
            applicable="unknown",
            applicability_reason="Nobody declared the number of employees.",
            questions=("How many people are employed?",),
            attestations=(
                AttestationRecord(
                    control="UGESP-3B",
                    answer="yes",
                    person="A. Reviewer",
                    role="validator",
                    signed_on="2026-11-01",
                    valid_until="2027-11-01",
                ),
            ),
            waivers=(
                WaiverRecord(
                    control="UGESP-4D-IR",
                    reason="Bottom line is balanced.",
                    approved_by="B. Approver",
                    expires_on="2027-01-31",
                    ticket="RISK-12",
                    used=True,
                ),
            ),
        ),
    )


def verdicts() -> tuple[Verdict, ...]:
    cite = (Citation(ref="29 CFR 1607.4(D)", checked="reproduced"),)
    soundness, impact = "technical-soundness@1.0.0", "us-ugesp-adverse-impact@1.0.0"
    gain = Part(
        observation="performance/roc_auc/gain_over_dummy",
        outcome="pass",
        margin=0.3,
        reason="0.334 is above 0, interval and all.",
    )
    ratio = tuple(
        Part(
            observation=f"fairness/impact_ratio/{key}",
            outcome=o,
            margin=m,
            reason=f"Held against 0.8, n {n}.",
            waiver=w,
        )
        for key, o, m, n, w in (
            ("sex=female", "pass", 0.1, 400, None),
            ("sex=male", "fail", -0.02, 490, "RISK-12"),
            ("race=asian", "not_applicable", None, 12, None),
            ("race=white", "inconclusive", 0.03, 490, None),
        )
    )
    first = (
        Verdict(
            pack=soundness,
            control="TS-DUMMY",
            title="Beats a dummy that ignores its inputs",
            kind="gate",
            mode="automated",
            severity="blocker",
            limit=Limit(op="gt", value=0, origin="house", decide_on="ci_three_way"),
            origin="house",
            outcome="pass",
            reason="ROC AUC exceeds the dummy's by 0.334 (0.304 to 0.364).",
            parts=(gain,),
        ),
        Verdict(
            pack=soundness,
            control="TS-OVERLAP",
            title="No row stands in both train and test",
            kind="gate",
            mode="automated",
            severity="blocker",
            limit=Limit(op="eq", value=0, origin="house", decide_on="point"),
            origin="house",
            outcome="fail",
            reason="3 held-out rows are also in the training table; the limit is 0.",
            parts=(
                Part(observation="robustness/duplicates/train_test", outcome="fail", margin=-3, reason="3 is not 0."),
            ),
        ),
        Verdict(
            pack=soundness,
            control="TS-CALIBRATION",
            title="Calibration error is small",
            kind="screen",
            mode="automated",
            severity="minor",
            limit=Limit(op="between", value=(0, 0.05), origin="convention", decide_on="point"),
            origin="convention",
            outcome="pass",
            reason="0.021 lies between 0 and 0.05.",
            parts=(Part(observation="performance/expected_calibration_error", outcome="pass", margin=0.029),),
        ),
    )
    second = (
        Verdict(
            pack=impact,
            control="UGESP-4D-IR",
            title="Impact ratio of each group",
            kind="screen",
            mode="automated",
            severity="major",
            limit=Limit(op="ge", value=0.8, origin="guidance", decide_on="point"),
            origin="guidance",
            citations=cite,
            outcome="fail",
            reason="1 of 4 groups is below four fifths.",
            parts=ratio,
        ),
        *(
            Verdict(
                pack=impact,
                control=f"UGESP-{i}",
                title=f"A control whose outcome is {o.replace('_', ' ')}",
                kind="gate" if o in ("attestation_missing", "error") else "record",
                mode="attested" if "attest" in o else "automated",
                severity="info",
                citations=cite,
                outcome=o,
                reason=f"A reason for {o.replace('_', ' ')}.",
                parts=(
                    Part(
                        observation="fairness/false_positive_rate/race=asian", outcome=o, reason="No row is negative."
                    ),
                )
                if o == "not_run"
                else (),
            )
            for i, o in enumerate(OUTCOMES)
        ),
    )
    return (*first, *second)


def conclusion(outcome: str) -> Conclusion:
    codes = {"meets": 0, "does_not_meet": 1, "inconclusive": 3, "incomplete": 3}
    return Conclusion(
        outcome=outcome,  # type: ignore[arg-type]
        exit_code=codes[outcome],  # type: ignore[arg-type]
        sentence="1 of 2 gates failed: TS-OVERLAP (No row stands in both train and test).",
        gates={"error": 1, "fail": 1, "pass": 1, "attestation_missing": 1},
        findings=(
            "technical-soundness@1.0.0/TS-OVERLAP",
            "us-ugesp-adverse-impact@1.0.0/UGESP-9",
            "us-ugesp-adverse-impact@1.0.0/UGESP-5",
            "us-ugesp-adverse-impact@1.0.0/UGESP-4D-IR",
            "us-ugesp-adverse-impact@1.0.0/UGESP-2",
            "us-ugesp-adverse-impact@1.0.0/UGESP-6",
            "us-ugesp-adverse-impact@1.0.0/UGESP-8",
        ),
    )


def regression() -> AuditRecord:
    """A regression without groups."""
    base = binary("meets")
    measures = (measure("rmse", "Root mean squared error", False, None), measure("r2", "R²", True))
    xs = tuple(25.0 + 10 * i for i in range(30))
    return base.model_copy(
        update={
            "subject": base.subject.model_copy(
                update={
                    "task": "regression",
                    "classes": (),
                    "positive": None,
                    "favourable": None,
                    "threshold": None,
                    "sensitive_in_model": (),
                }
            ),
            "performance": PerformanceSection(
                measures=measures,
                headline="rmse",
                curves={
                    "residuals": {
                        "": Curve(x_label="Predicted", y_label="Residual", x=xs, y=tuple(math.sin(x) * 50 for x in xs))
                    }
                },
                cross_validation=CrossValidation(
                    done=False, reason="The model cannot be fitted again: it is a file of predictions."
                ),
            ),
            "fairness": None,
            "stages": (
                StageStatus(stage="performance", status="done"),
                StageStatus(stage="fairness", status="off", reason="The spec says fairness: false."),
            ),
            "warnings": (),
            "observations": (
                observed("performance/rmse", "Root mean squared error", estimate(54.327, 3.91, 133), better=False),
                observed("performance/r2", "R²", estimate(0.481, 0.09, 133)),
            ),
            "verdicts": base.verdicts[:1],
            "packs": base.packs[:1],
            "conclusion": Conclusion(
                outcome="meets", exit_code=0, sentence="1 gate judged and all met on this evidence.", gates={"pass": 1}
            ),
        }
    ).sealed()


def multiclass() -> AuditRecord:
    """Three classes, with figures of each."""
    base = binary("inconclusive")
    classes = ("setosa", "versicolor", "virginica")
    grid = tuple(i / 20 for i in range(21))
    curves = {
        c: Curve(
            x_label="False positive rate", y_label="True positive rate", x=grid, y=tuple(x ** (0.2 * i) for x in grid)
        )
        for i, c in enumerate(classes, 1)
    }
    return base.model_copy(
        update={
            "subject": base.subject.model_copy(
                update={
                    "task": "multiclass",
                    "classes": classes,
                    "positive": None,
                    "favourable": None,
                    "threshold": None,
                }
            ),
            "performance": PerformanceSection(
                measures=(measure("accuracy", "Accuracy"), measure("f1", "F1")),
                headline="accuracy",
                curves={"roc": curves},
                confusion=Confusion(classes=classes, counts=((12, 0, 0), (0, 13, 1), (0, 2, 10)), scope="held_out"),
            ),
            "observations": (
                observed("performance/accuracy", "Accuracy", estimate(0.921, 0.07, 38)),
                observed("performance/f1/macro", "F1, macro", estimate(0.92, 0.07, 38)),
                *(observed(f"performance/f1/class={c}", "F1", estimate(0.9, 0.08, 38)) for c in classes),
                *(
                    observed(
                        f"attribution/shap/global/{f}/class={c}", f, estimate(0.2 / (i + 1), 0.02, 38), better=None
                    )
                    for c in classes
                    for i, f in enumerate(("age", "income"))
                ),
            ),
        }
    ).sealed()


def empty() -> AuditRecord:
    """A record in which nothing was measured or judged."""
    return AuditRecord(
        spec=AuditSpec(model=ModelSpec(path="m.skops"), data=DataSpec(test="t.csv")),
        provenance=Provenance(),
        subject=SubjectSection(
            task="binary", model=ModelFacts(name="m", format="skops", type="unknown", refittable=False)
        ),
        stages=(
            StageStatus(
                stage="performance", status="error", reason="The process that measures was ended: out of memory."
            ),
            StageStatus(stage="fairness", status="off", reason="The spec says fairness: false."),
            StageStatus(stage="attribution", status="not_run", reason="There is no model."),
        ),
        conclusion=Conclusion(
            outcome="incomplete",
            exit_code=3,
            sentence="No gate was judged, so nothing can be said to be met; in error: performance.",
        ),
    )


def hostile() -> AuditRecord:
    """Names that would act if anything let them."""
    base = binary(features=HOSTILE)
    groups = grouping(HOSTILE[0], HOSTILE)
    return base.model_copy(
        update={
            "spec": base.spec.model_copy(update={"title": " ".join(HOSTILE)}),
            "fairness": base.fairness.model_copy(update={"groupings": (groups,)}) if base.fairness else None,
            "observations": (*base.observations, *fairness_observations((groups,))[1:]),
            "warnings": HOSTILE,
        }
    ).sealed()
