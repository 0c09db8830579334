"""Release after arrest for a minor drug offence, Toronto 1997 to 2002: a classifier, three sensitive columns."""

from __future__ import annotations

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from audit.demo.made import Demo
from audit.errors import MissingDependencyError, Problem

_TEXT = ["employed", "citizen"]
_NUMBERS = ["age", "checks", "year"]


def make() -> Demo:
    """Fit a boosting that reads neither colour nor sex, on seven rows of ten."""
    train, test = train_test_split(_table(), test_size=0.3, random_state=0)
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(drop="if_binary"), _TEXT), ("passthrough", _NUMBERS)),
        HistGradientBoostingClassifier(learning_rate=0.1, max_iter=30, max_leaf_nodes=8, random_state=0),
    )
    model.fit(train[_TEXT + _NUMBERS], train["released"])
    return Demo(model=model, train=train, test=test, spec=_SPEC, statements=_STATEMENTS)


def _table() -> pd.DataFrame:
    try:
        from sklego.datasets import load_arrests
    except ImportError as error:
        raise MissingDependencyError(
            Problem(
                "audit demo arrests",
                "the data come with scikit-lego, which is not installed.",
                "pip install 'model-audit[demo]', or try `audit demo diabetes`.",
            )
        ) from error
    table: pd.DataFrame = load_arrests(as_frame=True)
    return table


_SPEC = """\
# The spec of an audit: edit it, then  audit run audit.yaml
# Every key that is left out means its sensible default; an unknown key is an error.
audit: 1
title: Release after arrest, a demonstration

# What packs and readers need to know and no file can tell.
context:
  owner: the audit project (demonstration)
  purpose: To show an audit on real data. Nobody should be released or held by this model.
  use_case: pretrial_release
  jurisdiction: [CA]
  version: "1.0"
  out_of_scope:
    - any decision about a person
  facts:
    demonstration: true        # lets us-ugesp-adverse-impact show its arithmetic outside employment
    ethical_considerations: Past police decisions are the target, so their bias is part of what is learnt.
    caveats: One city, one kind of offence, 1997 to 2002.

model:
  path: model.skops            # skops files load without running code; its format is told by its content
  name: arrests-boosting
  # sha256: pin the model here; `shasum -a 256 model.skops` prints it

data:
  test: test.csv               # rows the model has never seen: every headline figure comes from these
  train: train.csv             # rows it was fitted on: cross-validation, overlap, drift, train against held-out
  target: released

decision:
  positive: "Yes"              # the label that the model's score is the score of
  favourable: "Yes"            # the label that is good for the person: selection rates are of this one
  threshold: 0.8               # release from this probability on; at the usual 0.5 nearly everybody is released

# Groups of people. The model reads neither colour nor sex; it reads age.
sensitive:
  features: [colour, sex, age]
  roles: {colour: race_ethnicity}   # what policy packs call a column; sex is known by its own name
  intersections: [[colour, sex]]
  bins: {age: [12, 18, 25, 35, 70]}
  minimum_group: 30            # smaller groups are shown, not judged

# Packs of controls: two that suit any model, and the four-fifths rule. Or your own: ./house.yaml
# Here one group is selected far less often than another. The rule then asks what no program can answer, so this audit
# ends incomplete (exit code 3) until people answer in the file below.
policies: [model-card-core, technical-soundness, us-ugesp-adverse-impact]
attestations: attestations.yaml    # what people state and sign: nothing yet

report: {formats: [html, pdf, json]}
seed: 0
"""

_STATEMENTS = """\
# What people answer for, where numbers cannot: one entry for each control that asks.
# The report prints every question; `audit attest audit.yaml` asks them and writes the answers here.
# By hand: take the # from an entry, put your own words in, replace the empty list by it, and run the audit again.
# An answer counts only from the role that the control names, for this model and no other, and until it expires.
# Any answer but the first that the control allows ("yes" here) is a refusal and fails the control.
schema: policy-attestations/1
attestations: []
# attestations:
#   - control: UGESP-5                     # is there a validity study that meets 29 CFR 1607.14?
#     pack: us-ugesp-adverse-impact
#     answer: "yes"
#     person: A. Example
#     role: validation_expert
#     second_person: B. Sample
#     second_role: model_owner
#     evidence:
#       - {document: validity-study.pdf, sha256: <64 digits that `shasum -a 256 validity-study.pdf` prints>}
#     signed_on: "2026-11-22"
#     valid_for: P1Y                       # at most what the control allows
#     model_sha256: <64 digits that `shasum -a 256 model.skops` prints>
#   - control: UGESP-3B                    # were alternatives with less adverse impact searched for, and acted on?
#     pack: us-ugesp-adverse-impact
#     answer: "yes"
#     person: B. Sample
#     role: model_owner
#     evidence:
#       - {document: alternatives.pdf, sha256: <64 digits>}
#     signed_on: "2026-11-22"
#     model_sha256: <64 digits>
"""
