"""Every chart with ordinary, extreme and hostile inputs."""

from __future__ import annotations

import math
from collections.abc import Callable

from audit.records.sections import Density
from audit.report.charts import (
    Band,
    Bar,
    ForestPoint,
    Node,
    Panel,
    Series,
    bars,
    beeswarm,
    confusion,
    forest,
    heatmap,
    histogram,
    lines,
    node_link,
    panels,
    reliability,
    waterfall,
)

NAN, INF = math.nan, math.inf
CHINESE = "申请人的年收入（以人民币计）性别与种族的交叉分组"
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "x" * 200,
    "long " * 40,
    CHINESE,
    "🎉 party 👩‍👩‍👧",
    "=cmd()|' /C calc'!A0",
    "\u202eturned\u202c",
    "a\nb\tc\x00d\ud800e\uffff",
    "]]></title><style>*{}</style><!--",
    "\"'&amp;&#x41;",
    "عمر الشخص",
    "",
)
NAMED = {"title": "Selection rate by sex", "description": "female: 0.42; male: 0.51"}
FOUL = {"title": HOSTILE[0], "description": HOSTILE[9]}
AXES = {"x_label": "False positive rate", "y_label": "True positive rate"}
GRID = [i / 50 for i in range(51)]


def densities() -> list[Density]:
    edges = tuple(-1 + i / 10 for i in range(21))
    counts = tuple(int(200 * math.exp(-(((i - 10) / 4) ** 2))) for i in range(20))
    ranks = tuple(i / 19 for i in range(20))
    return [
        Density(feature="income", edges=edges, counts=counts, colour=ranks),
        Density(feature="age", edges=edges, counts=counts[::-1], colour=(None,) * 20),
        Density(feature="constant", edges=(0.0, 0.0), counts=(50,)),
        Density(feature="empty", edges=(), counts=()),
        *(Density(feature=name, edges=edges, counts=counts, colour=ranks) for name in HOSTILE),
    ]


TREE = [
    Node("checks ≤ 1.5", (1, 4), "0.83 · 100 %", 0.6),
    Node("employed = Yes", (2, 3), "0.89 · 66.4 %", 0.8),
    Node("", (), "0.92 · 55.9 %", 0.95),
    Node("", (), "0.81 · 10.5 %", 0.5),
    Node("", (), "0.74 · 33.6 %", 0.0),
]


def bands() -> list[Band]:
    up, down = [x**2 for x in GRID], [-x for x in GRID]
    steep = Panel("income", [Series("female", GRID, up, down, up), Series("male", GRID, down)], [0.02] * 50)
    far = Panel("wealth", [Series("a", [1e6, 2.5e6, 9e9], [NAN, 0.2, 0.1])], [1.0, 0.0])
    kinds = Panel("job", [Series("a", [0, 1, 2], [0, 1, -1], [0, 0, -2], [0, 2, 0])], [0.2, 0.3, 0.5], HOSTILE[:3])
    many = Panel("town", [Series("a", range(20), GRID[:20])], [0.05] * 20, [f"town {i}" for i in range(20)])
    return [
        Band("By sex", ["female", "male"], [steep, far, kinds, many]),
        Band("All rows", [], [steep]),
        Band(HOSTILE[3], HOSTILE, [Panel(name, [Series(name, [0.0], [0.0])] * 9) for name in HOSTILE]),
        Band("None", [], []),
    ]


def charts() -> dict[str, Callable[[], str]]:
    """Return every case by name."""
    ordinary = [
        ForestPoint("female", 0.42, 0.38, 0.46, "n 1,204"),
        ForestPoint("male", 0.51, 0.49, 0.53, "n 4,022"),
        ForestPoint("unknown", 0.47, 0.2, 0.74, "n 12", True),
        ForestPoint("other", None, None, None, "no rows", True),
    ]
    broken = [ForestPoint(name, v, low, high, name) for name, (v, low, high) in zip(HOSTILE, _numbers(), strict=False)]
    matrix = [[float(i * 7 + j) for j in range(15)] for i in range(15)]
    foul_lines = [Series(name, [0, 1, NAN, 3], [1, INF, 2, 5], [0, 0, 0, NAN], [3, 3, 3, INF]) for name in HOSTILE]
    return {
        "forest": lambda: forest(
            ordinary, **NAMED, axis_label="Selection rate", reference=0.5, reference_label="limit", bounds=(0, 1)
        ),
        "forest hostile": lambda: forest(
            broken, **FOUL, axis_label=HOSTILE[3], reference=0.8, reference_label=HOSTILE[2]
        ),
        "forest one": lambda: forest([ForestPoint("all", 0.7, 0.7, 0.7)], **NAMED, axis_label="AUC", bounds=(0, 1)),
        "forest none": lambda: forest([], **NAMED, axis_label="AUC"),
        "forest many": lambda: forest(
            [ForestPoint(f"group {i}", i / 60, i / 80, i / 40, "n 1") for i in range(60)], **NAMED, axis_label="rate"
        ),
        "forest huge": lambda: forest(
            [ForestPoint("a", 1e9, -1e9, 3e9), ForestPoint("b", 1e308, -1e308, None)], **NAMED, axis_label="EUR"
        ),
        "forest tiny": lambda: forest(
            [ForestPoint("a", 1e-9, 9e-10, 1.2e-9), ForestPoint("b", 3e-9, 5e-324, 3e-9)], **NAMED, axis_label="loss"
        ),
        "forest equal": lambda: forest([ForestPoint(n, -3.0, -3.0, -3.0) for n in "abc"], **NAMED, axis_label="x"),
        "bars": lambda: bars(
            [Bar("duration", 0.121, 0.1, 0.14), Bar("age", -0.004, -0.01, 0.005), Bar("none", None)],
            **NAMED,
            axis_label="Mean |SHAP value|",
        ),
        "bars hostile": lambda: bars(
            [Bar(n, v, low, high) for n, (v, low, high) in zip(HOSTILE, _numbers(), strict=False)],
            **FOUL,
            axis_label=HOSTILE[2],
        ),
        "bars zero": lambda: bars([Bar("a", 0.0), Bar("b", 0.0)], **NAMED, axis_label="x"),
        "bars none": lambda: bars([], **NAMED, axis_label="x"),
        "lines": lambda: lines(
            [
                Series("a", GRID, [x**0.3 for x in GRID], [x**0.4 for x in GRID], [x**0.2 for x in GRID]),
                Series("b", GRID, GRID),
            ],
            **NAMED,
            **AXES,
            diagonal=True,
            points=True,
        ),
        "lines many": lambda: lines(
            [Series(f"class {i}", GRID, [x * i for x in GRID]) for i in range(30)], **NAMED, **AXES
        ),
        "lines hostile": lambda: lines(
            foul_lines,
            **FOUL,
            x_label=HOSTILE[2],
            y_label=CHINESE * 5,
            reference=0.99,
            reference_label=HOSTILE[3],
        ),
        "lines none": lambda: lines([], **NAMED, **AXES),
        "lines one point": lambda: lines([Series("", [1e-9], [1e9])], **NAMED, **AXES),
        "histogram": lambda: histogram(
            [Series("no", [0.1, 0.3, 0.5], [5, 9, 2]), Series("yes", [0, 0.2, 0.4, 0.6], [1, 2, 7])],
            **NAMED,
            **AXES,
            reference=0.5,
            reference_label="threshold 0.5",
        ),
        "histogram hostile": lambda: histogram(foul_lines, **FOUL, **AXES),
        "histogram one": lambda: histogram([Series("", [3.0], [5.0])], **NAMED, **AXES),
        "reliability": lambda: reliability(
            [0.1, 0.5, 0.9], [0.12, 0.4, 0.95], [0.05, 0.3, None], [0.2, 0.5, None], [812, 90, 612], **NAMED
        ),
        "reliability hostile": lambda: reliability(
            [NAN, 0.5, INF, -3], [0.1, NAN, 0.2, 7], [NAN] * 4, [INF] * 4, [0, 0, 10**9, 5], **FOUL, x_label=HOSTILE[2]
        ),
        "reliability none": lambda: reliability([], [], None, None, None, **NAMED),
        "confusion": lambda: confusion(["no", "yes"], [[812, 104], [77, 240]], **NAMED),
        "confusion hostile": lambda: confusion(
            HOSTILE[:4], [[1e9, NAN, INF, 0], [0, 0, 0, 0], [1, 2.5, 3, 4], [0, 0, 1, 1e-9]], **FOUL
        ),
        "confusion many": lambda: confusion([f"class {i}" for i in range(15)], matrix, **NAMED),
        "confusion 60": lambda: confusion([f"class {i}" for i in range(60)], [[1.0] * 60] * 60, **NAMED),
        "confusion none": lambda: confusion([], [], **NAMED),
        "heatmap": lambda: heatmap(
            ["female", "male"], ["recall", "gap"], [[0.8, -0.2], [None, 0]], [["0.80", "−0.20"], ["–", "0"]], **NAMED
        ),
        "heatmap hostile": lambda: heatmap(
            HOSTILE, HOSTILE, [[NAN, INF] + [1.0] * 11] * 13, [list(HOSTILE)] * 13, **FOUL
        ),
        "node link": lambda: node_link(TREE, **NAMED),
        "node link hostile": lambda: node_link([Node(n, (i + 1,), n, 2.0) for i, n in enumerate(HOSTILE)], **FOUL),
        "node link none": lambda: node_link([], **NAMED),
        "panels": lambda: panels(bands()[:2], **NAMED, y_label="Effect (probability)"),
        "panels hostile": lambda: panels(bands(), **FOUL, y_label=HOSTILE[3], across=4),
        "panels none": lambda: panels([], **NAMED, y_label="x"),
        "waterfall": lambda: waterfall(
            -0.8,
            [("duration", "48", 0.62), ("age", "23", -0.12), ("18 other features", "", 0.05)],
            -0.25,
            **NAMED,
            axis_label="log-odds",
        ),
        "waterfall hostile": lambda: waterfall(
            NAN,
            [(name, name, v) for name, (v, _, _) in zip(HOSTILE, _numbers(), strict=False)],
            INF,
            **FOUL,
            axis_label="x",
        ),
        "waterfall none": lambda: waterfall(0.0, [], 0.0, **NAMED, axis_label="x"),
        "waterfall many": lambda: waterfall(
            0.0, [(f"f{i}", "1", 0.1) for i in range(70)], 7.0, **NAMED, axis_label="x"
        ),
        "beeswarm": lambda: beeswarm(densities(), **NAMED, axis_label="SHAP value, log-odds"),
        "beeswarm none": lambda: beeswarm([], **NAMED, axis_label="x"),
    }


def _numbers() -> list[tuple[float, float | None, float | None]]:
    return [
        (0.1, None, 0.3),
        (0.9, 0.8, None),
        (NAN, NAN, NAN),
        (INF, -INF, INF),
        (0.5, None, None),
        (-0.0, -0.1, 0.1),
        (2.0, 3.0, 1.0),
    ]
