"""What is compiled of the interventional game: leaf by leaf for all of a background, or pair by pair of rows.

Imported on first use only: it loads the compiler. One file, because compiled work is kept until the file that it came
from changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

_TREES = "i8[::1], i8[::1], i8[::1], f8[::1], b1[::1], i8[::1], i8[::1], b1[::1]"
_CONDITIONS = "i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], b1[::1], i8[::1], b1[::1]"
CONDITIONS = f"void({_TREES}, i8[::1], i8[::1], {_CONDITIONS})"
SHARES = f"void({_CONDITIONS}, i8, f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[::1])"
LOOKED_UP = f"void({_CONDITIONS}, i8, f8[:, ::1], f8[:, ::1], i8[::1], f8[::1], f8[:, :, ::1])"
PAIRS = (
    f"i8({_TREES}, i8[::1], f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1], i8[:, ::1], f8[:, ::1], f8[:, :, ::1], "
    "f8[:, :, ::1])"
)
_TOGETHER = 256


def conditions(
    left: Any, right: Any, feature: Any, threshold: Any, missing_left: Any, listed: Any, length: Any, categories: Any,
    owner: Any, leaves: Any, start: Any, many: Any, player: Any, slot: Any, column: Any, low: Any, high: Any,
    missing: Any, table: Any, inside: Any,
) -> None:  # fmt: skip
    """Write for each leaf what its path asks of each column that it tests.

    A column follows the path of a leaf when its value lies in (low, high], or is missing where `missing` says so, or
    is a category that `inside` marks from `table` on; `start` says where the conditions of each leaf begin. What a
    column tells counts for its owner: `many` says how many a leaf has, `player` which from `start` on, and `slot` the
    place among them of the owner of each condition.
    """
    parent = np.full(len(left), -1, np.int64)
    for node in range(len(left)):
        if left[node] >= 0:
            parent[left[node]] = node
            parent[right[node]] = node
    at = 0
    marks = 0
    for i in range(len(leaves)):
        start[i] = at
        child, up = leaves[i], parent[leaves[i]]
        while up >= 0:
            f, to_left = feature[up], left[up] == child
            j = start[i]
            while j < at and column[j] != f:
                j += 1
            if j == at:
                column[j], low[j], high[j], missing[j], table[j] = f, -np.inf, np.inf, True, -1
                if listed[up] >= 0:
                    # The first mark is that of what no list names.
                    table[j] = marks
                    for c in range(length[up] + 1):
                        inside[marks + c] = True
                    marks += length[up] + 1
                at += 1
            missing[j] &= missing_left[up] == to_left
            if listed[up] < 0:
                if to_left:
                    high[j] = min(high[j], threshold[up])
                else:
                    low[j] = max(low[j], threshold[up])
            else:
                inside[table[j]] &= not to_left
                for c in range(length[up]):
                    inside[table[j] + 1 + c] &= categories[listed[up] + c] == to_left
            child = up
            up = parent[up]
        for j in range(start[i], at):
            place = 0
            while place < many[i] and player[start[i] + place] != owner[column[j]]:
                place += 1
            if place == many[i]:
                player[start[i] + place] = owner[column[j]]
                many[i] += 1
            slot[j] = place
    start[len(leaves)] = at


def shares(
    start: Any, many: Any, player: Any, slot: Any, column: Any, low: Any, high: Any, missing: Any, table: Any,  # noqa: ARG001
    inside: Any, width: int, background: Any, place: Any, t: Any, weight: Any, share: Any,
) -> None:  # fmt: skip
    """Write for each leaf the share of each column in its value, by which of its columns a row follows.

    `background` is (columns, rows). From `place` of a leaf with F players on come F times 2**F numbers. Row `F` of `t`
    and `weight` holds the places of the quadrature for F players, and zero weights behind them.
    """
    rows = background.shape[1]
    pattern = np.zeros(rows, np.int64)
    for i in range(len(place)):
        players = many[i]
        size = 1 << players
        pattern[:] = size - 1
        for j in range(start[i], start[i + 1]):
            _mark(background[column[j]], slot[j], low[j], high[j], missing[j], table[j], inside, width, pattern)
        count = np.zeros(size)
        for r in range(rows):
            count[pattern[r]] += 1.0 / rows
        whole = np.zeros(size)
        at = place[i]
        share[at : at + players * size] = 0.0
        for q in range(t.shape[1]):
            if weight[players, q] == 0.0:
                break
            x = t[players, q]
            rest = 1.0 - x
            whole[:] = count
            for j in range(players):
                bit = 1 << j
                for high_part in range(0, size, 2 * bit):
                    for o in range(high_part, high_part + bit):
                        off, on = whole[o], whole[o + bit]
                        whole[o] = rest * on
                        whole[o + bit] = x * off + on
            lost, gained = weight[players, q] / rest, weight[players, q] / x
            for j in range(players):
                bit = 1 << j
                to = at + j * size
                for high_part in range(0, size, 2 * bit):
                    for o in range(high_part, high_part + bit):
                        share[to + o] -= lost * whole[o]
                        share[to + o + bit] += gained * (whole[o + bit] - whole[o] / rest)


def looked_up(
    start: Any, many: Any, player: Any, slot: Any, column: Any, low: Any, high: Any, missing: Any, table: Any,
    inside: Any, width: int, x: Any, value: Any, place: Any, share: Any, phi: Any,
) -> None:  # fmt: skip
    """Add the attributions of some leaves to (outputs, columns, rows), for (columns, rows) values."""
    pattern = np.zeros(_TOGETHER, np.int64)
    for first in range(0, x.shape[1], _TOGETHER):
        last = min(first + _TOGETHER, x.shape[1])
        for i in range(len(place)):
            players = many[i]
            pattern[:] = (1 << players) - 1
            for j in range(start[i], start[i + 1]):
                seen = x[column[j], first:last]
                _mark(seen, slot[j], low[j], high[j], missing[j], table[j], inside, width, pattern)
            for k in range(value.shape[1]):
                v = value[i, k]
                if v == 0.0:
                    continue
                for j in range(players):
                    to = phi[k, player[start[i] + j], first:last]
                    base = place[i] + (j << players)
                    for r in range(last - first):
                        to[r] += v * share[base + pattern[r]]


@register_jitable
def _mark(
    seen: Any, j: int, low: float, high: float, missing: bool, table: int, inside: Any, width: int, pattern: Any
) -> None:
    # Clear bit j of the pattern of each row that does not follow the path in this column.
    rest = ~(1 << j)
    if table < 0:
        if missing:
            for r in range(len(seen)):
                v = seen[r]
                pattern[r] &= -1 if ((v > low) & (v <= high)) | (v != v) else rest
        else:
            for r in range(len(seen)):
                v = seen[r]
                pattern[r] &= -1 if (v > low) & (v <= high) else rest
    else:
        for r in range(len(seen)):
            v = seen[r]
            if np.isnan(v):
                follows = missing
            elif v >= 0 and v < width:
                follows = inside[table + 1 + int(v)]
            else:
                follows = inside[table]
            if not follows:
                pattern[r] &= rest


def pairs(
    left: Any, right: Any, feature: Any, threshold: Any, missing_left: Any, listed: Any, length: Any, categories: Any,
    owner: Any, value: Any, roots: Any, x: Any, background: Any, met: Any, factor: Any, mean: Any, spread: Any,
) -> int:  # fmt: skip
    """Write each row's mean attribution over the background rows that it meets, and the variance of that mean.

    `x` and `background` are (rows, columns), `met` the numbers of the background rows that each row meets, `mean` and
    `spread` (rows, players, outputs), `factor[a, b]` is (a - 1)! b! / (a + b)!, 0 for a = 0. The number of nodes
    that were met is returned.
    """
    tests = 0
    columns, outputs = mean.shape[1], value.shape[1]
    rows, n = met.shape
    gains = np.zeros((rows, n, columns, outputs))
    side = np.zeros(columns, np.int8)
    # Where the two rows part: the node, whether the other row's way is taken by now, and the sums as they stood.
    parting = np.zeros(columns + 1, np.int64)
    second = np.zeros(columns + 1, np.bool_)
    before = np.zeros((columns + 1, outputs))
    gain = np.zeros(outputs)
    loss = np.zeros(outputs)
    # Tree by tree, so that one stays in cache for all pairs.
    for root in roots:
        for row in range(rows):
            for meeting in range(n):
                z = met[row, meeting]
                found = gains[row, meeting]
                top, node, own, other = 0, root, 0, 0
                gain[:] = 0.0
                loss[:] = 0.0
                while True:
                    while left[node] >= 0:
                        tests += 1
                        f = feature[node]
                        p = owner[f]
                        mine = theirs = False
                        if side[p] != 2:
                            v = x[row, f]
                            mine = bool((v <= threshold[node]) | ((v != v) & missing_left[node]))
                            if listed[node] >= 0:
                                mine = _among(v, missing_left[node], listed[node], length[node], categories)
                            theirs = mine
                        if side[p] != 1:
                            v = background[z, f]
                            theirs = bool((v <= threshold[node]) | ((v != v) & missing_left[node]))
                            if listed[node] >= 0:
                                theirs = _among(v, missing_left[node], listed[node], length[node], categories)
                            if side[p] == 2:
                                mine = theirs
                        if mine != theirs:
                            # The explained row's way is taken first.
                            parting[top] = node
                            second[top] = False
                            for k in range(outputs):
                                before[top, k] = gain[k]
                            top += 1
                            side[p] = 1
                            own += 1
                        node = left[node] if mine else right[node]
                    tests += 1
                    for k in range(outputs):
                        gain[k] += factor[own, other] * value[node, k]
                        loss[k] += factor[other, own] * value[node, k]
                    while top > 0 and second[top - 1]:
                        top -= 1
                        p = owner[feature[parting[top]]]
                        for k in range(outputs):
                            found[p, k] -= loss[k] - before[top, k]
                        side[p] = 0
                        other -= 1
                    if top == 0:
                        break
                    node = parting[top - 1]
                    f = feature[node]
                    p = owner[f]
                    for k in range(outputs):
                        found[p, k] += gain[k] - before[top - 1, k]
                        before[top - 1, k] = loss[k]
                    second[top - 1] = True
                    side[p] = 2
                    own -= 1
                    other += 1
                    v = background[z, f]
                    theirs = bool((v <= threshold[node]) | ((v != v) & missing_left[node]))
                    if listed[node] >= 0:
                        theirs = _among(v, missing_left[node], listed[node], length[node], categories)
                    node = left[node] if theirs else right[node]
    for row in range(rows):
        for c in range(columns):
            for k in range(outputs):
                average = 0.0
                for meeting in range(n):
                    average += gains[row, meeting, c, k] / n
                square = 0.0
                for meeting in range(n):
                    square += (gains[row, meeting, c, k] - average) ** 2
                mean[row, c, k] = average
                spread[row, c, k] = square / max(1, n - 1) / n
    return tests


@register_jitable
def _among(v: float, missing_left: bool, listed: int, length: int, categories: Any) -> bool:
    if np.isnan(v):
        return bool(missing_left)
    return bool(v >= 0 and v < length and categories[listed + int(v)])
