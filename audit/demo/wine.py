"""Which of three growers made a wine, from its chemistry, 178 bottles: a forest over three classes, and no people."""

from __future__ import annotations

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from audit.demo.made import Demo


def make() -> Demo:
    """Fit a forest of shallow trees on half of the bottles."""
    table = load_wine(as_frame=True).frame
    # A slash would only make names of measures harder to read.
    table = table.rename(columns={"target": "grower", "od280/od315_of_diluted_wines": "od280_od315"})
    table["grower"] = table["grower"].map({0: "first", 1: "second", 2: "third"})
    train, test = train_test_split(table, test_size=0.5, random_state=0, stratify=table["grower"])
    model = RandomForestClassifier(n_estimators=30, max_depth=4, min_samples_leaf=2, random_state=0)
    model.fit(train.drop(columns="grower"), train["grower"])
    return Demo(model=model, train=train, test=test, spec=_SPEC)


_SPEC = """\
# The spec of an audit: edit it, then  audit run audit.yaml
# Every key that is left out means its sensible default; an unknown key is an error.
audit: 1
title: Growers of wine, a demonstration

# What packs and readers need to know and no file can tell.
context:
  owner: the audit project (demonstration)
  purpose: To show an audit of three classes on real data.
  version: "1.0"
  out_of_scope:
    - wines of other regions, grapes and growers
  facts:
    ethical_considerations: The table is about bottles, not about people.
    caveats: 178 bottles of one region; a few rows more or less move every figure.

model:
  path: model.skops            # skops files load without running code; its format is told by its content
  name: wine-forest

task: multiclass

data:
  test: test.csv               # rows the model has never seen: every headline figure comes from these
  train: train.csv             # rows it was fitted on: cross-validation, overlap, drift, train against held-out
  target: grower

policies: [model-card-core, technical-soundness]
report: {formats: [html, pdf, json]}
seed: 0
"""
