"""Names that try to be markup, templates, formulas or just very long come out as text."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

import audit

HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "x" * 200,
    "收入水平",
    "💰 income",
    "=cmd()",
    "a\"b'c",
    "a&b=c/d;e%",
)


def test_hostile_names_are_inert(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({name: generator.normal(size=400) for name in HOSTILE})
    groups = [*HOSTILE[:4], None]
    frame["<b>who</b>"] = [groups[i] for i in generator.integers(0, len(groups), 400)]
    frame["y"] = np.where(frame[HOSTILE[0]] + generator.normal(size=400) > 0, "<i>good</i>", "{% bad %}")
    frame.iloc[:250].to_csv(tmp_path / "train.csv", index=False)
    frame.iloc[250:].to_csv(tmp_path / "test.csv", index=False)
    (tmp_path / "factory.py").write_text(
        "from sklearn.linear_model import LogisticRegression\ndef make():\n    return LogisticRegression()\n",
        encoding="utf-8",
    )
    spec = {
        "audit": 1,
        "title": "<script>document.title</script> {{7*7}} " + "long " * 60,
        "context": {
            "owner": "{{ config }}",
            "purpose": "<img src=x onerror=alert(1)>",
            "facts": {"<k>": "</style><b>"},
        },
        "model": {"estimator": "factory:make", "name": "</title><script>"},
        "data": {"test": "test.csv", "train": "train.csv", "target": "y", "features": list(HOSTILE)},
        "decision": {"positive": "<i>good</i>"},
        "sensitive": {"features": ["<b>who</b>"], "minimum_group": 5},
        "performance": {"cross_validation": {"folds": 3}, "interval": {"resamples": 200}},
        "attribution": {"rows": 50, "local": {"rows": 3}},
    }
    record = audit.run(spec, folder=tmp_path)
    assert record.observation("fairness/selection_rate/<b>who<%2Fb>=" + HOSTILE[0].replace("/", "%2F")) is not None
    assert record.observation("attribution/permutation_importance/global/a%26b%3Dc%2Fd%3Be%25") is not None
    page = audit.render(record, "html").decode()
    for markup in ("<script", "<img src=x", "<b>who</b>", "<i>good", "</style><b>", "onerror=alert(1)>"):
        assert markup not in page.lower(), markup
    assert page.count("</style>") == len(re.findall(r"<style[ >]", page))
    assert "{{7*7}}" in page
    assert "49" not in re.findall(r"<title>(.*?)</title>", page, flags=re.DOTALL)[0]
    assert audit.render(record, "pdf").startswith(b"%PDF")
