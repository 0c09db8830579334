"""What is compiled: the tables of a group of trees, and the walk of many rows through them.

Rows lie side by side in one vector of the compiler's own, so that its loops need no proof that they may run abreast.
Imported on first use only: it loads the compiler, which costs more than many an audit's attributions. One file, because
compiled work is kept until the file that it came from changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

ROWS = 32
"""Rows in one vector."""


TABLES = (
    "i8(i8[::1], i8[::1], i8[::1], f8[::1], b1[::1], i8[::1], i8[::1], b1[::1], f8[::1], f8[:, ::1], i8[::1], "
    "i8[::1], f8[::1], f8[::1], i8[::1], i8[:, ::1], f8[:, ::1], b1[:, ::1], u1[::1], f8[::1], f8[::1])"
)
WALK = (
    "void(i8[::1], i8[:, ::1], f8[:, ::1], b1[:, ::1], u1[::1], f8[::1], f8[::1], i8[::1], i8, i8, f8[:, ::1], "
    "f8[:, ::1])"
)
# Columns of the tables of whole numbers, of limits and of marks, one row an inner node.
FEATURE, SLOT, SHAPE, AGAIN, LISTED, LENGTH = range(6)
LIMIT, LOW, HIGH = range(3)
MISSING_LEFT, MISSING_INSIDE, OTHER_INSIDE = range(3)
# Which children are inner nodes.
NEITHER, LEFT, RIGHT, BOTH = range(4)
WHOLE, LIMITS, FLAGS, EDGE, LEAF = 6, 3, 3, 10, 5


def tables(
    left: Any, right: Any, feature: Any, threshold: Any, missing_left: Any, listed: Any, length: Any, categories: Any,
    cover: Any, value: Any, root: Any, outputs: Any, t: Any, weight: Any, order: Any, whole: Any, limits: Any,
    flags: Any, sides: Any, edge: Any, leaf: Any,
) -> Any:  # fmt: skip
    """Write the program of a group of trees and the factors of each of its steps.

    `order` takes the steps: i enters inner node i, ~i comes back to it. `edge` takes, by inner node, EDGE factors at
    each of the Q places of the quadrature, and `leaf` LEAF factors for each output. The number of steps is returned.
    """
    n_nodes, n_outputs = len(t), len(outputs)
    parent = np.full(len(left), -1, np.int64)
    number = np.full(len(left), -1, np.int64)
    for node in range(len(left)):
        if left[node] >= 0:
            parent[left[node]] = node
            parent[right[node]] = node
    stack = np.zeros(2 * len(left) + 2, np.int64)
    step = 0
    inner = 0
    for r in range(len(root)):
        if left[root[r]] < 0:
            continue
        top = 1
        stack[0] = root[r]
        while top > 0:
            top -= 1
            node = stack[top]
            if node < 0:
                order[step] = ~number[~node]
                step += 1
                continue
            a, b = left[node], right[node]
            number[node] = inner
            order[step] = inner
            step += 1
            has_a, has_b = left[a] >= 0, left[b] >= 0
            if has_a or has_b:
                stack[top] = ~node
                top += 1
            if has_b:
                stack[top] = b
                top += 1
            if has_a:
                stack[top] = a
                top += 1
            # What the path says of the feature so far: its share of cover, and which values follow it.
            f = feature[node]
            old, low, high, again, inside = 1.0, -np.inf, np.inf, False, True
            child, up = node, parent[node]
            level = 0
            while up >= 0:
                if feature[up] == f:
                    again = True
                    old *= cover[child] / cover[up]
                    to_left = left[up] == child
                    inside &= missing_left[up] == to_left
                    if to_left:
                        high = min(high, threshold[up])
                    else:
                        low = max(low, threshold[up])
                child = up
                up = parent[up]
                level += 1
            whole[inner, FEATURE] = f
            if parent[node] < 0:
                whole[inner, SLOT] = 0
            else:
                whole[inner, SLOT] = 2 * level + (0 if left[parent[node]] == node else 1)
            whole[inner, SHAPE] = (1 if has_a else 0) + (2 if has_b else 0)
            whole[inner, AGAIN] = again
            whole[inner, LISTED] = listed[node]
            whole[inner, LENGTH] = length[node]
            limits[inner, LIMIT] = threshold[node]
            limits[inner, LOW] = low
            limits[inner, HIGH] = high
            flags[inner, MISSING_LEFT] = missing_left[node]
            flags[inner, MISSING_INSIDE] = inside
            other = True
            if again and listed[node] >= 0:
                child, up = node, parent[node]
                while up >= 0:
                    if feature[up] == f:
                        other &= left[up] != child
                    child = up
                    up = parent[up]
            flags[inner, OTHER_INSIDE] = other
            if listed[node] >= 0:
                for c in range(length[node]):
                    state = 1 if categories[listed[node] + c] else 0
                    child, up = node, parent[node]
                    while up >= 0 and again:
                        if feature[up] == f and categories[listed[up] + c] != (left[up] == child):
                            state = 2
                        child = up
                        up = parent[up]
                    sides[listed[node] + c] = state
            new_a = old * cover[a] / cover[node]
            new_b = old * cover[b] / cover[node]
            for q in range(n_nodes):
                outside = 1.0 - t[q]
                old_in = old * outside + t[q]
                a_in = new_a * outside + t[q]
                b_in = new_b * outside + t[q]
                at = inner * EDGE * n_nodes + q
                # Factors of a row that goes left, goes right, or left the path before.
                a_left, a_right, a_gone = a_in / old_in, new_a * outside / old_in, new_a / old
                b_left, b_right, b_gone = new_b * outside / old_in, b_in / old_in, new_b / old
                before = (1.0 - old) / old_in
                a_share, b_share = (1.0 - new_a) / a_in - before, (1.0 - new_b) / b_in - before
                apart = -1.0 / outside - before
                edge[at] = a_left
                edge[at + n_nodes] = a_right
                edge[at + 2 * n_nodes] = a_gone
                edge[at + 3 * n_nodes] = b_left
                edge[at + 4 * n_nodes] = b_right
                edge[at + 5 * n_nodes] = b_gone
                edge[at + 6 * n_nodes] = a_share
                edge[at + 7 * n_nodes] = apart
                edge[at + 8 * n_nodes] = apart
                edge[at + 9 * n_nodes] = b_share
                for k in range(n_outputs):
                    at = ((inner * n_outputs + k) * LEAF) * n_nodes + q
                    va = 0.0 if has_a else value[a, outputs[k]] * weight[q]
                    vb = 0.0 if has_b else value[b, outputs[k]] * weight[q]
                    leaf[at] = va * a_left + vb * b_left
                    leaf[at + n_nodes] = va * a_right + vb * b_right
                    leaf[at + 2 * n_nodes] = va * a_gone + vb * b_gone
                    leaf[at + 3 * n_nodes] = va * a_left * a_share + vb * b_left * apart
                    leaf[at + 4 * n_nodes] = va * a_right * apart + vb * b_right * b_share
            inner += 1
    return step


def walk(
    order: Any, whole: Any, limits: Any, flags: Any, sides: Any, edge: Any, leaf: Any, outputs: Any, n_nodes: Any,
    slots: Any, x: Any, phi: Any,
) -> None:  # fmt: skip
    """Add the attributions of a group of trees to those of each block of ROWS rows.

    x holds by block (columns x ROWS) values, phi by block (outputs x columns x ROWS) attributions.
    """
    n_outputs = len(outputs)
    span = n_nodes * ROWS
    columns = x.shape[1] // ROWS
    product = np.ones(slots * span)
    total = np.zeros(slots * n_outputs * span)
    marks_left = np.zeros(slots * ROWS, np.uint8)
    marks_inside = np.zeros(slots * ROWS, np.uint8)
    gone: Any = all_of(0.0)  # type: ignore[call-arg]  # numba gives the first argument
    for block in range(x.shape[0]):
        seen = x[block]
        found = phi[block]
        for step in range(len(order)):
            i = order[step]
            entering = i >= 0
            if not entering:
                i = ~i
            f, slot, shape, again = whole[i, FEATURE], whole[i, SLOT], whole[i, SHAPE], whole[i, AGAIN] != 0
            depth = slot >> 1
            here = slot * span
            if entering:
                if whole[i, LISTED] < 0:
                    v = load(seen, f * ROWS)
                    unknown = missing(v)
                    left = either(at_most(v, all_of(limits[i, LIMIT])), both(unknown, marked(flags[i, MISSING_LEFT])))
                    store_marks(marks_left, slot * ROWS, left)
                    if again:
                        inside = either(
                            both(at_most(v, all_of(limits[i, HIGH])), above(v, all_of(limits[i, LOW]))),
                            both(unknown, marked(flags[i, MISSING_INSIDE])),
                        )
                        store_marks(marks_inside, slot * ROWS, inside)
                else:
                    for r in range(ROWS):
                        c = seen[f * ROWS + r]
                        if np.isnan(c):
                            marks_left[slot * ROWS + r] = flags[i, MISSING_LEFT]
                            marks_inside[slot * ROWS + r] = flags[i, MISSING_INSIDE]
                        elif c >= 0 and c < whole[i, LENGTH]:
                            state = sides[whole[i, LISTED] + int(c)]
                            marks_left[slot * ROWS + r] = state == 1
                            marks_inside[slot * ROWS + r] = state != 2
                        else:
                            marks_left[slot * ROWS + r] = 0
                            marks_inside[slot * ROWS + r] = flags[i, OTHER_INSIDE]
            left = load_marks(marks_left, slot * ROWS)
            inside = load_marks(marks_inside, slot * ROWS)
            at = i * EDGE * n_nodes
            if entering and shape != NEITHER:
                for side in range(2):
                    if shape == BOTH or shape == side + 1:
                        to = (2 * depth + 2 + side) * span
                        base = at + 3 * side * n_nodes
                        if again:
                            for q in range(n_nodes):
                                factor = choose(left, all_of(edge[base + q]), all_of(edge[base + n_nodes + q]))
                                factor = choose(inside, factor, all_of(edge[base + 2 * n_nodes + q]))
                                store(product, to + q * ROWS, times(load(product, here + q * ROWS), factor))
                        else:
                            for q in range(n_nodes):
                                factor = choose(left, all_of(edge[base + q]), all_of(edge[base + n_nodes + q]))
                                store(product, to + q * ROWS, times(load(product, here + q * ROWS), factor))
                continue
            for k in range(n_outputs):
                share = gone
                into = (slot * n_outputs + k) * span
                if shape == BOTH:
                    one = ((2 * depth + 2) * n_outputs + k) * span
                    two = ((2 * depth + 3) * n_outputs + k) * span
                    a = at + 6 * n_nodes
                    for q in range(n_nodes):
                        s = load(total, one + q * ROWS)
                        u = load(total, two + q * ROWS)
                        share = plus(share, times(s, choose(left, all_of(edge[a + q]), all_of(edge[a + n_nodes + q]))))
                        share = plus(
                            share,
                            times(
                                u, choose(left, all_of(edge[a + 2 * n_nodes + q]), all_of(edge[a + 3 * n_nodes + q]))
                            ),
                        )
                        store(total, into + q * ROWS, plus(s, u))
                else:
                    own = (i * n_outputs + k) * LEAF * n_nodes
                    if shape != NEITHER:
                        one = ((2 * depth + 1 + shape) * n_outputs + k) * span
                        a = at + (4 + 2 * shape) * n_nodes
                        for q in range(n_nodes):
                            s = load(total, one + q * ROWS)
                            share = plus(
                                share, times(s, choose(left, all_of(edge[a + q]), all_of(edge[a + n_nodes + q])))
                            )
                            store(total, into + q * ROWS, s)
                    for q in range(n_nodes):
                        p = load(product, here + q * ROWS)
                        share = plus(
                            share,
                            times(
                                p,
                                choose(left, all_of(leaf[own + 3 * n_nodes + q]), all_of(leaf[own + 4 * n_nodes + q])),
                            ),
                        )
                        factor = choose(left, all_of(leaf[own + q]), all_of(leaf[own + n_nodes + q]))
                        if again:
                            factor = choose(inside, factor, all_of(leaf[own + 2 * n_nodes + q]))
                        amount = times(p, factor)
                        if shape != NEITHER:
                            amount = plus(amount, load(total, into + q * ROWS))
                        store(total, into + q * ROWS, amount)
                if again:
                    share = choose(inside, share, gone)
                place = (outputs[k] * columns + f) * ROWS
                store(found, place, plus(load(found, place), share))


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"lanes{ROWS}")


class _Marks(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"marks{ROWS}")


lanes, marks = _Lanes(), _Marks()
_NUMBERS = ir.VectorType(ir.DoubleType(), ROWS)
_BITS = ir.VectorType(ir.IntType(1), ROWS)
_BYTES = ir.VectorType(ir.IntType(8), ROWS)


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, _NUMBERS)  # type: ignore[no-untyped-call]


@register_model(_Marks)
class _MarksModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, _BITS)  # type: ignore[no-untyped-call]


@intrinsic
def load(_: Any, array: Any, at: Any) -> Any:
    """Return ROWS numbers of a flat array from a place on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load(_place(context, builder, signature, given, _NUMBERS), align=8)

    return lanes(array, at), generate


@intrinsic
def store(_: Any, array: Any, at: Any, value: Any) -> Any:
    """Write ROWS numbers into a flat array from a place on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _place(context, builder, signature, given, _NUMBERS), align=8)
        return context.get_dummy_value()

    return types.void(array, at, value), generate


@intrinsic
def load_marks(_: Any, array: Any, at: Any) -> Any:
    """Return ROWS marks of a flat array of bytes from a place on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        read = builder.load(_place(context, builder, signature, given, _BYTES), align=1)
        return builder.icmp_signed("!=", read, ir.Constant(_BYTES, [0] * ROWS))

    return marks(array, at), generate


@intrinsic
def store_marks(_: Any, array: Any, at: Any, value: Any) -> Any:
    """Write ROWS marks into a flat array of bytes from a place on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        written = builder.zext(given[2], _BYTES)
        builder.store(written, _place(context, builder, signature, given, _BYTES), align=1)
        return context.get_dummy_value()

    return types.void(array, at, value), generate


@intrinsic
def all_of(_: Any, number: Any) -> Any:
    """Return one number in every lane."""
    return lanes(number), _by(lambda builder, one: _spread(builder, one, _NUMBERS))


@intrinsic
def marked(_: Any, mark: Any) -> Any:
    """Return one mark in every lane."""

    def bit(builder: Any, one: Any) -> Any:
        return one if one.type.width == 1 else builder.icmp_signed("!=", one, ir.Constant(one.type, 0))

    return marks(mark), _by(lambda builder, one: _spread(builder, bit(builder, one), _BITS))


@intrinsic
def times(_: Any, a: Any, b: Any) -> Any:
    """Return the product."""
    return lanes(a, b), _by(lambda builder, *two: builder.fmul(*two, flags=("contract",)))


@intrinsic
def plus(_: Any, a: Any, b: Any) -> Any:
    """Return the sum."""
    return lanes(a, b), _by(lambda builder, *two: builder.fadd(*two, flags=("contract",)))


@intrinsic
def at_most(_: Any, a: Any, b: Any) -> Any:
    """Mark where a <= b; never where one is NaN."""
    return marks(a, b), _by(lambda builder, *two: builder.fcmp_ordered("<=", *two))


@intrinsic
def above(_: Any, a: Any, b: Any) -> Any:
    """Mark where a > b; never where one is NaN."""
    return marks(a, b), _by(lambda builder, *two: builder.fcmp_ordered(">", *two))


@intrinsic
def missing(_: Any, a: Any) -> Any:
    """Mark where a is NaN."""
    return marks(a), _by(lambda builder, one: builder.fcmp_unordered("uno", one, one))


@intrinsic
def both(_: Any, a: Any, b: Any) -> Any:
    """Mark where both are marked."""
    return marks(a, b), _by(lambda builder, *given: builder.and_(*given))


@intrinsic
def either(_: Any, a: Any, b: Any) -> Any:
    """Mark where one of them is marked."""
    return marks(a, b), _by(lambda builder, *given: builder.or_(*given))


@intrinsic
def choose(_: Any, mark: Any, a: Any, b: Any) -> Any:
    """Return a where marked, b elsewhere."""
    return lanes(mark, a, b), _by(lambda builder, *given: builder.select(*given))


def _by(emit: Any) -> Any:
    # How numba asks for code: of its arguments most need only the builder and what is given.
    return lambda *asked: emit(asked[1], *asked[3])


def _place(context: Any, builder: Any, signature: Any, given: Any, of: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, given[0])
    return builder.bitcast(builder.gep(array.data, [given[1]]), of.as_pointer())


def _spread(builder: Any, scalar: Any, of: Any) -> Any:
    single = builder.insert_element(ir.Constant(of, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zero = ir.Constant(ir.VectorType(ir.IntType(32), ROWS), [0] * ROWS)
    return builder.shuffle_vector(single, ir.Constant(of, ir.Undefined), zero)
