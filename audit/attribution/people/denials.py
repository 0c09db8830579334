"""All unfavourable decisions of the sample to their reasons, and to how true and how steady these are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.attribution.people.crowd import Array, Crowd, Flags, Rows
from audit.attribution.people.reasons import Effects, Reference, effects, reference_of, reset, together, told
from audit.attribution.people.shares import mean, share
from audit.declarations.attribution import MethodNotRunError
from audit.estimation.seeds import child_seed
from audit.records.observation import Observation, encoded, group_key
from audit.records.people import Reason, ReasonGroup
from audit.records.spec import LocalSpec, ReasonsSpec

_TRIED = 100
"""People whose reasons are sought again with other references, to tell how steady reasons are."""
_FEWEST = 10
"""Favoured rows in each half under which no second reference is drawn."""
_NOBODY = "The model gave nobody in the sample an unfavourable decision."
_FEW_FAVOURED = f"There are too few rows with a favourable decision to draw two references of {_FEWEST} rows or more."


@dataclass(frozen=True, kw_only=True)
class Denials:
    """Reasons of every person asked about."""

    rows: Rows
    """(m,) rows of the ground: the sample's unfavourable decisions."""
    denied: int
    """How many there are in the sample."""
    given: Rows
    """(m, k) columns, -1 where there is no further reason."""
    again: tuple[Rows, Rows] | None
    """(t, k) reasons of the first t people by each of two halves of those favoured; None where they are too few."""
    held: Flags | None
    """(t, k) whether a reason given also passes the test with the typical value of either half."""
    turned: Flags
    """(m,) whether the decision turns when all reasons have their typical values."""
    rise: Array
    """(m,) rise of the favourable score with all of them."""
    barred: Flags
    """(m,) whether an input that may be no reason would have been one."""
    of_case: dict[int, tuple[Reason, ...]]
    """Row of the crowd to the reasons in words."""
    wordings: dict[str, tuple[str, ...]]
    names: tuple[str, ...]
    groups: tuple[tuple[ReasonGroup, Flags], ...]
    """With (m,) who belongs to it."""
    notes: tuple[str, ...]

    def is_given(self) -> Flags:
        """Return the (m, d) flags of what is a reason for whom."""
        flags = np.zeros((len(self.rows), len(self.names)), dtype=bool)
        i, k = np.nonzero(self.given >= 0)
        flags[i, self.given[i, k]] = True
        return flags

    def order(self) -> list[int]:
        """Return the columns that are a reason for anybody, most frequent first."""
        counts = self.is_given().sum(axis=0)
        return [int(j) for j in np.argsort(-counts, kind="stable") if counts[j]]

    def facts(self) -> dict[str, Any]:
        """Return what the record tells of them."""
        return {
            "denied": self.denied,
            "explained": len(self.rows),
            "given": tuple(self.names[j] for j in self.order()),
            "wordings": self.wordings,
            "groups": tuple(group for group, _ in self.groups),
        }


def denials_of(crowd: Crowd, cases: Rows, protected: Flags, local: LocalSpec, budget: int) -> Denials:
    """Give reasons for the unfavourable decisions of the sample and of the cases.

    Raises
    ------
    MethodNotRunError
        Nothing is decided, nothing is favourable, or the model gives no score or favours nobody.
    """
    asked, answers, ground = local.reasons, crowd.answers, crowd.ground
    assert asked
    if not ground.subject.classes:
        raise MethodNotRunError("Nothing is decided, so nobody is turned down.")
    if answers.favoured is None:
        raise MethodNotRunError("No decision is said to be the favourable one (decision.favourable).")
    if answers.favour is None:
        raise MethodNotRunError("The model gives no score, so what moved it against a person cannot be told.")
    sampled = np.arange(ground.sampled)
    sampled = sampled[~answers.favoured[crowd.observed + sampled]]
    favoured = np.flatnonzero(answers.favoured[: crowd.observed])
    if not len(favoured):
        raise MethodNotRunError(f"The model favours none of the {crowd.observed:,} rows that reasons compare with.")
    reference = reference_of(crowd, favoured)
    halves = tuple(reference_of(crowd, half) for half in _halves(favoured, child_seed(ground.seed, "reasons")))
    each = len(reference.row)
    rows = sampled[: max(1, budget // each - 2 * min(_TRIED, len(sampled)))]
    denied_cases = cases[~answers.favoured[cases]]
    persons = np.concatenate([crowd.observed + rows, np.setdiff1d(denied_cases, crowd.observed + rows)])
    found = effects(crowd, persons, reference)
    barred = protected | np.isin(crowd.names, asked.excluded)
    outranked = _outranked(found, barred, asked.count)
    found, given, joint = together(crowd, persons, found, found.ranked(~barred, asked.count), reference, ~barred)
    m = len(rows)
    words = [
        told(crowd, int(p), given[i], (found.effect[i], found.gain[i]), bool(joint[i]), reference, asked)
        for i, p in enumerate(persons)
    ]
    t = min(_TRIED, m)
    again, held = _once_more(crowd, persons[:t], halves, ~barred, asked, given[:t]) if halves else (None, None)
    turned, rise = _all_reset(crowd, persons[:m], given[:m], reference)
    return Denials(
        rows=rows,
        denied=len(sampled),
        given=given[:m],
        again=again,
        held=held,
        turned=turned,
        rise=rise,
        barred=outranked[:m],
        of_case={int(p): words[i] for i, p in enumerate(persons) if p in set(denied_cases.tolist())},
        wordings=_wordings(words[:m]),
        names=crowd.names,
        groups=_groups(crowd, rows),
        notes=_notes(crowd, asked, barred, len(favoured), (int(joint[:m].sum()), len(rows), len(sampled))),
    )


def reason_observations(crowd: Crowd, denials: Denials, minimum: int) -> tuple[Observation, ...]:
    """Observe `attribution/reasons/...`: coverage, fidelity, stability, and how often each column is given."""
    whole = (*_headline(crowd, denials), *_barred(crowd, denials))
    flags = denials.is_given()
    return (*whole, *(o for j in denials.order() for o in _given(crowd, denials, flags[:, j], j, minimum)))


def _halves(favoured: Rows, seed: int) -> tuple[Rows, ...]:
    if len(favoured) < 2 * _FEWEST:
        return ()
    mixed = np.random.default_rng(seed).permutation(favoured)
    return np.sort(mixed[: len(mixed) // 2]), np.sort(mixed[len(mixed) // 2 :])


def _once_more(
    crowd: Crowd, persons: Rows, halves: tuple[Reference, ...], allowed: Flags, asked: ReasonsSpec, given: Rows
) -> tuple[tuple[Rows, Rows], Flags]:
    sets, held = [], given >= 0
    for half in halves:
        alone = effects(crowd, persons, half)
        found, mine, _ = together(crowd, persons, alone, alone.ranked(allowed, asked.count), half, allowed)
        held &= np.take_along_axis(found.gain, np.maximum(given, 0), axis=1) > found.least
        sets.append(mine)
    return (sets[0], sets[1]), held


def _all_reset(crowd: Crowd, persons: Rows, given: Rows, reference: Reference) -> tuple[Flags, Array]:
    if not len(persons):
        return np.zeros(0, dtype=bool), np.zeros(0)
    answers = crowd.ask(reset(crowd, persons, given, reference))
    assert answers.favour is not None and answers.favoured is not None and crowd.answers.favour is not None
    return answers.favoured, answers.favour - crowd.answers.favour[persons]


def _outranked(found: Effects, barred: Flags, most: int) -> Flags:
    # Whether an input that may be no reason would stand among the `most`, were it allowed to.
    every = found.ranked(np.ones(len(barred), dtype=bool), most)
    return np.asarray(((every >= 0) & barred[np.maximum(every, 0)]).any(axis=1))


def _wordings(words: list[tuple[Reason, ...]]) -> dict[str, tuple[str, ...]]:
    counts: dict[str, Counter[str]] = {}
    for reason in (r for reasons in words for r in reasons):
        counts.setdefault(reason.feature, Counter())[reason.text] += 1
    return {f: tuple(text for text, _ in c.most_common(3)) for f, c in sorted(counts.items())}


def _groups(crowd: Crowd, rows: Rows) -> tuple[tuple[ReasonGroup, Flags], ...]:
    found = []
    for column in crowd.ground.sensitive.columns:
        values = crowd.ground.sensitive[column].astype(str).to_numpy()[rows]
        for value in sorted(set(values.tolist())):
            inside = values == value
            key = group_key((str(column),), (value,))
            found.append((ReasonGroup(key=key, label=f"{column} = {value}", n=int(inside.sum())), inside))
    return tuple(found)


def _headline(crowd: Crowd, denials: Denials) -> tuple[Observation, ...]:
    rows, given = denials.rows, denials.given
    some = np.asarray((given >= 0).any(axis=1))
    none = _NOBODY if not len(rows) else "Nobody was given a reason."
    again = _FEW_FAVOURED if denials.again is None else none
    tried = 0 if denials.again is None else len(denials.again[0])
    with_some = rows[:tried][some[:tried]]
    held, alike = _held_and_alike(denials, some[:tried])
    kept = [
        ("coverage", "Unfavourable decisions with at least one true reason", share(crowd, rows, some, _NOBODY), True),
        (
            "fidelity",
            "Reasons that pass the test again with either half of the favoured people, mean over people",
            mean(crowd, with_some, held, again, (0.0, 1.0)),
            True,
        ),
        (
            "stability",
            "Reasons shared between the two halves of the favoured people (Jaccard), mean over people",
            mean(crowd, with_some, alike, again, (0.0, 1.0)),
            True,
        ),
        ("turned", "Decisions that turn when all reasons are reset", share(crowd, rows, denials.turned, _NOBODY), True),
        (
            "rise",
            "Rise of the favourable score when all reasons are reset, mean over people",
            mean(crowd, rows, denials.rise, _NOBODY, (-np.inf, np.inf)),
            True,
        ),
        (
            "number",
            "Reasons given for one decision, mean over people",
            mean(crowd, rows, (given >= 0).sum(axis=1).astype(np.float64), _NOBODY, (0.0, float(given.shape[1]))),
            None,
        ),
    ]
    return tuple(
        Observation(
            id=f"attribution/reasons/{name}",
            label=label,
            measured=measured,
            higher_is_better=better,
            scope=crowd.ground.scope,
        )
        for name, label, measured, better in kept
    )


def _held_and_alike(denials: Denials, some: Flags) -> tuple[Array, Array]:
    if denials.again is None or denials.held is None:
        return np.empty(0), np.empty(0)
    held = denials.held[some].sum(axis=1) / (denials.given[: len(some)][some] >= 0).sum(axis=1)
    one, other = (half[some] for half in denials.again)
    both = ((one[:, :, None] == other[:, None, :]) & (one[:, :, None] >= 0)).any(axis=2).sum(axis=1)
    union = (one >= 0).sum(axis=1) + (other >= 0).sum(axis=1) - both
    # No reason by either half is the same answer twice.
    return held, np.where(union > 0, both / np.maximum(union, 1), 1.0)


def _barred(crowd: Crowd, denials: Denials) -> tuple[Observation, ...]:
    label = "Unfavourable decisions in which an input that may be no reason was among the principal ones"
    measured = share(crowd, denials.rows, denials.barred, _NOBODY)
    id = "attribution/reasons/withheld"
    return (Observation(id=id, label=label, measured=measured, higher_is_better=False, scope=crowd.ground.scope),)


def _given(crowd: Crowd, denials: Denials, flags: Flags, j: int, minimum: int) -> list[Observation]:
    # How often a column is given, over all and in groups that are large enough to be compared.
    name, scope = denials.names[j], crowd.ground.scope
    id, label = f"attribution/reasons/given/{encoded(name)}", f"Unfavourable decisions with the reason {name}"
    found = [Observation(id=id, label=label, measured=share(crowd, denials.rows, flags, _NOBODY), scope=scope)]
    for group, inside in denials.groups:
        if group.n >= minimum:
            measured = share(crowd, denials.rows[inside], flags[inside], _NOBODY)
            found.append(
                Observation(id=f"{id}/{group.key}", label=f"{label}, {group.label}", measured=measured, scope=scope)
            )
    return found


def _notes(
    crowd: Crowd, asked: ReasonsSpec, barred: Flags, people: int, counts: tuple[int, int, int]
) -> tuple[str, ...]:
    joint, explained, denied = counts
    never = ", ".join(name for name, flag in zip(crowd.names, barred, strict=True) if flag)
    return (
        f"Each input is given, alone, values of {people:,} {crowd.origin} rows that the model favours. It is a "
        "reason only if the score then rises in the mean, with the values of more than half of them, and with the "
        f"typical one; at most {asked.count} a decision, none under a twentieth of the largest.",
        *([f"Never a reason: {never}."] if never else []),
        *(
            [f"{joint:,} of {explained:,} people have no reason alone; theirs raise the score only together."]
            if joint
            else []
        ),
        *(
            [f"Reasons were sought for {explained:,} of {denied:,} unfavourable decisions, to stay within the budget."]
            if explained < denied
            else []
        ),
    )
