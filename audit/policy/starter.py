"""A commented pack of one's own, from which a governance team starts."""

from __future__ import annotations

import datetime


def starter_pack(id: str, today: datetime.date) -> str:
    """Return the text of a pack that can be read as it is: it imports a shipped pack and adds one control.

    Parameters
    ----------
    id : str
        Lower-case letters, digits and hyphens.
    """
    return _TEXT.format(id=id, today=today.isoformat(), later=_in_a_year(today))


def _in_a_year(today: datetime.date) -> str:
    return (today + datetime.timedelta(days=365)).isoformat()


_TEXT = """\
# A pack of your own. `audit policies lint {id}.yaml` reads it, `audit policies test {id}.yaml` runs its tests.
schema: policy-pack/1
pack:
  id: {id}
  version: 0.1.0
  title: Rules of our house
  kind: house
  maintainers: [who answers for it]
  authority:
    instrument: Model risk policy of our house
    citation: none
    status: in_force
    checked_on: "{today}"
    recheck_by: "{later}"
  caveats:
    - What these rules do not decide.
imports:
  # Every control of a pack, or those under `only`. Tighter values need no reason, looser ones need a rationale.
  - pack: technical-soundness
    params:
      overfit_gap: 0.05
params:
  least_auc: {{value: 0.65, origin: house, override: tighten_only, label: Least area under the ROC curve}}
controls:
  - id: H-1
    title: The model ranks well enough for our use
    cites: [{{ref: our model risk policy, checked: primary}}]
    rationale: Say why, in a sentence that a committee understands.
    obligation: must
    mode: automated
    kind: gate                      # gate blocks, screen raises a finding, record only shows
    severity: blocker
    applies_if: {{fact: {{name: task, op: eq, value: binary}}}}
    measure: {{metric: performance/roc_auc}}
    limit: {{origin: house, op: ge, value: {{param: least_auc}}, decide_on: ci_three_way}}
    min_sample: {{group_n: 100, origin: house, below: inconclusive}}
    evidence: [{{kind: result, pointer: /performance}}]
    waivable: {{allowed: true, max_duration: P90D}}
"""
