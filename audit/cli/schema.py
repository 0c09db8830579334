"""`audit schema`: prints the JSON Schema of the spec."""

from __future__ import annotations

import json


def schema() -> None:
    """Print the JSON Schema of the spec.

    Save it and begin a spec with `# yaml-language-server: $schema=audit.schema.json`: the editor then completes keys
    and marks mistakes.
    """
    from audit.spec.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
