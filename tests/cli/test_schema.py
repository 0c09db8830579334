import json

from audit.cli.main import exit_code
from audit.spec.json_schema import json_schema


def test_the_schema_is_printed_as_json(capsys):
    assert exit_code(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
