import math

import pytest

from audit.spec.scalars import resolved


# Typed from the core schema of YAML 1.2.2, section 10.3.2, save for leading zeros, which stay text on purpose.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("tRue", "tRue"),
        ("no", "no"), ("No", "No"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"), ("n", "n"),
        ("0", 0), ("-0", 0), ("12", 12), ("+12", 12), ("-19", -19), ("0o14", 12), ("0xC", 12), ("0xc", 12),
        ("014", "014"), ("00", "00"), ("-07", "-07"), ("1_000", "1_000"), ("12:30", "12:30"), ("1:30:00", "1:30:00"),
        ("1e-3", 0.001), ("1e3", 1000.0), ("1E+3", 1000.0), ("12e03", 12000.0), ("-2E+05", -200000.0), (".5", 0.5),
        ("0.", 0.0), ("0.0", 0.0), ("1.", 1.0), ("-1.5", -1.5), ("0.5", 0.5), ("00.5", "00.5"),
        ("1.2.3", "1.2.3"), (".", "."), ("e3", "e3"), ("1e", "1e"), ("0b101", "0b101"), ("0x", "0x"), ("0o8", "0o8"),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), ("inf", "inf"), ("nan", "nan"),
        ("2026-11-22", "2026-11-22"), ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"), ("1" * 301, "1" * 301),
        ("１２", "１２"), ("<<", "<<"), ("=", "="),
    ],
)  # fmt: skip
def test_unquoted_text_means_what_yaml_1_2_says(text, value):
    got = resolved(text)
    assert (type(got), got) == (type(value), value)


def test_not_a_number_is_read_as_such_so_that_it_can_be_refused():
    assert math.isnan(resolved(".nan"))
