"""Published figures come out: Aequitas on COMPAS, fairlearn's guide, German credit, the EEOC and New York."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SHARED = Path(__file__).parents[3] / "shared"

# true positives, false positives, true negatives, false negatives, as Aequitas prints them
COMPAS = {
    "race=African-American": (1369, 805, 990, 532),
    "race=Asian": (6, 2, 21, 3),
    "race=Caucasian": (505, 349, 1139, 461),
    "race=Hispanic": (103, 87, 318, 129),
    "race=Native American": (9, 3, 5, 1),
    "race=Other": (43, 36, 208, 90),
    "sex=Female": (303, 288, 609, 195),
    "sex=Male": (1732, 994, 2072, 1021),
    "age_cat=25 - 45": (1183, 741, 1479, 706),
    "age_cat=Greater than 45": (213, 181, 897, 285),
    "age_cat=Less than 25": (639, 360, 305, 225),
}
# tpr, tnr, for, fdr, fpr, fnr, npv, precision, predicted prevalence, prevalence, to two places
COMPAS_RATES = {
    "race=African-American": (0.72, 0.55, 0.35, 0.37, 0.45, 0.28, 0.65, 0.63, 0.59, 0.51),
    "race=Asian": (0.67, 0.91, 0.12, 0.25, 0.09, 0.33, 0.88, 0.75, 0.25, 0.28),
    "race=Caucasian": (0.52, 0.77, 0.29, 0.41, 0.23, 0.48, 0.71, 0.59, 0.35, 0.39),
    "race=Hispanic": (0.44, 0.79, 0.29, 0.46, 0.21, 0.56, 0.71, 0.54, 0.3, 0.36),
    "race=Native American": (0.9, 0.62, 0.17, 0.25, 0.38, 0.1, 0.83, 0.75, 0.67, 0.56),
    "race=Other": (0.32, 0.85, 0.3, 0.46, 0.15, 0.68, 0.7, 0.54, 0.21, 0.35),
    "sex=Female": (0.61, 0.68, 0.24, 0.49, 0.32, 0.39, 0.76, 0.51, 0.42, 0.36),
    "sex=Male": (0.63, 0.68, 0.33, 0.36, 0.32, 0.37, 0.67, 0.64, 0.47, 0.47),
    "age_cat=25 - 45": (0.63, 0.67, 0.32, 0.39, 0.33, 0.37, 0.68, 0.61, 0.47, 0.46),
    "age_cat=Greater than 45": (0.43, 0.83, 0.24, 0.46, 0.17, 0.57, 0.76, 0.54, 0.25, 0.32),
    "age_cat=Less than 25": (0.74, 0.46, 0.42, 0.36, 0.54, 0.26, 0.58, 0.64, 0.65, 0.57),
}
RATES = (
    "true_positive_rate",
    "true_negative_rate",
    "false_omission_rate",
    "false_discovery_rate",
    "false_positive_rate",
    "false_negative_rate",
    "negative_predictive_value",
    "precision",
    "selection_rate",
    "prevalence",
)
# ratios to Hispanic, Male and 25 - 45: fdr, fnr, for, fpr, npv
COMPAS_DISPARITIES = {
    "race=African-American": (0.808669, 0.503301, 1.211197, 2.087696, 0.914326),
    "race=Asian": (0.545977, 0.599483, 0.43314, 0.404798, 1.229953),
    "race=Native American": (0.545977, 0.179845, 0.577519, 1.74569, 1.171384),
    "race=Hispanic": (1.0, 1.0, 1.0, 1.0, 1.0),
    "sex=Female": (1.336425, 1.05581, 0.734738, 0.990343, 1.13071),
    "age_cat=Less than 25": (0.935673, 0.696781, 1.313873, 1.621868, 0.850173),
}
DISPARITIES = (
    "false_discovery_rate",
    "false_negative_rate",
    "false_omission_rate",
    "false_positive_rate",
    "negative_predictive_value",
)


def crosstab(keys):
    """Rows of one column with a frequency weight each, from printed confusion matrices."""
    column = keys[0].split("=")[0]
    rows = [
        (key.split("=")[1], target, label, count)
        for key in keys
        for (target, label), count in zip([(1, 1), (0, 1), (0, 0), (1, 0)], COMPAS[key], strict=True)
    ]
    values, target, label, weight = zip(*rows, strict=True)
    return column, {column: values}, target, label, weight


@pytest.mark.parametrize("column", ["race", "sex", "age_cat"])
def test_aequitas_rates_come_out_of_its_printed_counts(column, make_evidence, make_plan, found):
    keys = [key for key in COMPAS if key.startswith(f"{column}=")]
    column, sensitive, target, label, weight = crosstab(keys)
    _, by_id = found(make_evidence(sensitive, target=target, label=label, weight=weight), make_plan([column]))
    for key in keys:
        counts = [by_id[f"fairness/{name}/{key}"].value for name in CELLS]
        assert counts == list(COMPAS[key])
        assert by_id[f"fairness/count/{key}"].value == sum(COMPAS[key])
        rates = [by_id[f"fairness/{name}/{key}"].value for name in RATES]
        assert np.allclose(rates, COMPAS_RATES[key], atol=0.0050001)


def test_aequitas_disparities_to_named_references(make_evidence, make_plan, found):
    references = {"race": "Hispanic", "sex": "Male", "age_cat": "25 - 45"}
    for column, reference in references.items():
        _, sensitive, target, label, weight = crosstab([key for key in COMPAS if key.startswith(f"{column}=")])
        plan = make_plan([column], reference={column: reference})
        _, by_id = found(make_evidence(sensitive, target=target, label=label, weight=weight), plan)
        for key, expected in COMPAS_DISPARITIES.items():
            if key.startswith(f"{column}="):
                ratios = [by_id[f"fairness/{name}/{key}/ratio"].value for name in DISPARITIES]
                assert np.allclose(ratios, expected, atol=1e-6)


def test_aequitas_rows_give_the_printed_counts(make_evidence, make_plan, found):
    path = SHARED / "data/aequitas/compas_for_aequitas.csv"
    if not path.exists():
        pytest.skip("the table is not here")
    rows = pd.read_csv(path)
    sensitive = {column: rows[column].tolist() for column in ("race", "sex", "age_cat")}
    evidence = make_evidence(sensitive, target=rows["label_value"], label=rows["score"].astype(int))
    section, by_id = found(evidence, make_plan(list(sensitive), minimum_group=30))
    for key, counts in COMPAS.items():
        assert tuple(by_id[f"fairness/{name}/{key}"].value for name in CELLS) == counts
    groups = {group.key: group for grouping in section.groupings for group in grouping.groups}
    assert [key for key, group in groups.items() if group.small] == ["race=Native American"]


FAIRLEARN = {
    "target": [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    "label": [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0],
}
FAIRLEARN_GROUPS = {
    "s": list("bbabbcccaacabccbcc"),
    "t": [str(t) for t in (8, 6, 8, 8, 8, 8, 6, 6, 6, 8, 6, 6, 6, 6, 8, 6, 6, 6)],
}


def test_the_guide_of_fairlearn(make_evidence, make_plan, found):
    plan = make_plan(["s", "t"], intersections=(("s", "t"),))
    _, by_id = found(make_evidence(FAIRLEARN_GROUPS, **FAIRLEARN), plan)
    expected = {
        "count/s=a": 4, "count/s=b": 6, "count/s=c": 8,
        "true_positive_rate/s=a": 0.5, "true_positive_rate/s=b": 0.6, "true_positive_rate/s=c": 0.4,
        "false_positive_rate/s=a": 1, "false_positive_rate/s=b": 0, "false_positive_rate/s=c": 2 / 3,
        "selection_rate/s=a": 0.75, "selection_rate/s=b": 0.5, "selection_rate/s=c": 0.5,
        "true_positive_rate/s/difference": 0.2, "false_positive_rate/s/difference": 1,
        "selection_rate/s/difference": 0.25,
        "true_positive_rate/s/ratio": 2 / 3, "false_positive_rate/s/ratio": 0, "selection_rate/s/ratio": 2 / 3,
        "demographic_parity/s/ratio": 2 / 3, "equalized_odds/s/ratio": 0, "equalized_odds/s/difference": 1,
        "count/s=c&t=6": 6, "precision/s=a&t=8": 0.5, "precision/s=b&t=6": 1, "precision/s=c&t=6": 2 / 3,
        "true_positive_rate/s=a&t=8": 1, "true_positive_rate/s=b&t=6": 2 / 3, "true_positive_rate/s=b&t=8": 0.5,
        "true_positive_rate/s=c&t=6": 0.5, "true_positive_rate/s=c&t=8": 0,
    }  # fmt: skip
    assert {name: by_id[f"fairness/{name}"].value for name in expected} == pytest.approx(expected, abs=1e-12)


def test_exact_fractions_become_the_nearest_float(make_evidence, make_plan, found):
    _, by_id = found(make_evidence(FAIRLEARN_GROUPS, **FAIRLEARN), make_plan(["s"]))
    assert by_id["fairness/true_positive_rate/s/difference"].value == 0.2  # not 0.19999999999999996


def test_base_rates_of_german_credit(make_evidence, make_plan, found):
    # good of all: men and women, people over 25 and others
    for columns, counts, gap in (
        ("sex", {"male": (499, 690), "female": (201, 310)}, 0.0748013),
        ("age", {"old": (590, 810), "young": (110, 190)}, 0.149448),
    ):
        rows = [(v, t, w) for v, (good, n) in counts.items() for t, w in ((1, good), (0, n - good))]
        values, target, weight = zip(*rows, strict=True)
        evidence = make_evidence({columns: values}, target=target, label=target, weight=weight)
        _, by_id = found(evidence, make_plan([columns]))
        for value, (good, n) in counts.items():
            assert by_id[f"fairness/prevalence/{columns}={value}"].value == pytest.approx(good / n, abs=1e-12)
        assert by_id[f"fairness/prevalence/{columns}/difference"].value == pytest.approx(gap, abs=1e-5)


def test_base_rates_of_german_credit_from_its_rows(make_evidence, make_plan, found):
    path = SHARED / "data/german/german.data"
    if not path.exists():
        pytest.skip("the table is not here")
    rows = pd.read_csv(path, sep=r"\s+", header=None)
    good = (rows[20] == 1).astype(int).tolist()
    sex = ["female" if status in ("A92", "A95") else "male" for status in rows[8]]
    age = ["over 25" if years > 25 else "25 or less" for years in rows[12]]
    _, by_id = found(make_evidence({"sex": sex, "age": age}, target=good, label=good), make_plan(["sex", "age"]))
    assert by_id["fairness/prevalence/sex=male"].value == pytest.approx(0.723188, abs=1e-5)
    assert by_id["fairness/prevalence/sex=female"].value == pytest.approx(0.648387, abs=1e-5)
    assert by_id["fairness/prevalence/sex/difference"].value == pytest.approx(0.0748013, abs=1e-5)
    assert by_id["fairness/prevalence/age/difference"].value == pytest.approx(0.149448, abs=1e-5)


def selected(counts):
    rows = [(g, d, w) for g, (hits, n) in counts.items() for d, w in ((1, hits), (0, n - hits)) if w]
    values, label, weight = zip(*rows, strict=True)
    return {"sensitive": {"g": values}, "label": label, "weight": weight}


def test_the_example_of_the_eeoc(make_evidence, make_plan, found):
    _, by_id = found(make_evidence(**selected({"White": (48, 80), "Black": (12, 40)})), make_plan(["g"]))
    assert by_id["fairness/selection_rate/g=White"].value == 0.6
    assert by_id["fairness/impact_ratio/g=Black"].value == 0.5
    assert by_id["fairness/impact_ratio/g=White"].value == 1.0
    # pooled z is 3.0984; its two-sided tail by the complementary error function
    assert by_id["fairness/selection_rate_p_value/g=Black"].value == pytest.approx(0.00194577, abs=1e-7)
    assert by_id["fairness/selection_reversal/g=Black"].value == 0
    assert by_id["fairness/shortfall/g=Black"].value == 8  # 40 at the overall rate of 60 of 120, less 12


def test_the_published_selection_rates_of_new_york(make_evidence, make_plan, found):
    counts = {
        "Hispanic or Latino": (204, 408, 0.97),
        "White": (412, 797, 1.00),
        "Black or African American": (170, 390, 0.84),
        "Native Hawaiian or Pacific Islander": (52, 119, 0.85),
        "Asian": (302, 616, 0.95),
        "Native American or Alaska Native": (18, 41, 0.85),
        "Two or More Races": (96, 213, 0.87),
    }
    _, by_id = found(make_evidence(**selected({g: c[:2] for g, c in counts.items()})), make_plan(["g"]))
    for group, (_, _, ratio) in counts.items():
        assert by_id[f"fairness/impact_ratio/g={group}"].value == pytest.approx(ratio, abs=0.0051)


CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
