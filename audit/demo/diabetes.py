"""Progression of diabetes a year after baseline, 442 patients: a linear regression with two sensitive columns."""

from __future__ import annotations

from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audit.demo.made import Demo


def make() -> Demo:
    """Fit a ridge regression on six patients of ten."""
    table = load_diabetes(as_frame=True, scaled=False).frame
    table = table.rename(columns={"target": "progression"}).astype({"sex": int, "age": int})
    train, test = train_test_split(table, test_size=0.4, random_state=0)
    model = make_pipeline(StandardScaler(), Ridge(alpha=1.0))
    model.fit(train.drop(columns="progression"), train["progression"])
    return Demo(model=model, train=train, test=test, spec=_SPEC)


_SPEC = """\
# The spec of an audit: edit it, then  audit run audit.yaml
# Every key that is left out means its sensible default; an unknown key is an error.
audit: 1
title: Progression of diabetes, a demonstration

# What packs and readers need to know and no file can tell.
context:
  owner: the audit project (demonstration)
  purpose: To show an audit of a regression on real data. Nobody should be treated by this model.
  use_case: medical
  version: "1.0"
  out_of_scope:
    - any decision about a patient
  facts:
    ethical_considerations: The patients gave their data for research long ago; the table names nobody.
    caveats: 442 patients. The data do not say which sex is coded 1 and which 2.

model:
  path: model.skops            # skops files load without running code; its format is told by its content
  name: diabetes-ridge

task: regression

data:
  test: test.csv               # rows the model has never seen: every headline figure comes from these
  train: train.csv             # rows it was fitted on: cross-validation, overlap, drift, train against held-out
  target: progression          # disease progression one year after baseline, 25 to 346

# Groups of patients; the model reads both columns, and the report says so.
sensitive:
  features: [sex, age]
  bins: {age: [18, 40, 60, 80]}
  minimum_group: 30            # smaller groups are shown, not judged

policies: [model-card-core, technical-soundness]
report: {formats: [html, pdf, json]}
seed: 0
"""
