"""The last place where a number is a number: how each is written."""

from __future__ import annotations

from audit.records.measured import Estimate, Exact, Measured, Undefined

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
INFINITE = "\N{INFINITY}"


def number(value: float) -> str:
    """Write a number with the digits that a reader can use.

    >>> number(0.8342), number(54.327), number(-5226), number(3), number(0.00002)
    ('0.834', '54.33', '−5,226', '3', '2.0 × 10⁻⁵')
    """
    return f"{value:,}".replace("-", MINUS) if isinstance(value, int) else _float(value, _decimals(value))


def count(value: float) -> str:
    """Write a count, which weights may have made fractional.

    >>> count(1234.0), count(12.5)
    ('1,234', '12.5')
    """
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.1f}"


def share(part: float, whole: float) -> str:
    """Write a count as a share of another.

    >>> share(1, 8), share(0, 5), share(1, 10_000), share(0, 0)
    ('12.5 %', '0 %', '< 0.1 %', '–')
    """
    return percent(part / whole) if whole else DASH


def percent(value: float) -> str:
    """Write a share between 0 and 1; nothing that is not all or nothing is written as if it were.

    >>> percent(0.1234), percent(1.0), percent(0.9999)
    ('12.3 %', '100 %', '> 99.9 %')
    """
    if 0 < value < 0.001:
        return "< 0.1 %"
    if 0.999 < value < 1:
        return "> 99.9 %"
    return "0 %" if value == 0 else "100 %" if value == 1 else f"{100 * value:.1f} %"


def level(value: float) -> str:
    """Write a confidence level.

    >>> level(0.95), level(0.999)
    ('95 %', '99.9 %')
    """
    return f"{100 * value:.4g} %"


def size(bytes_: int) -> str:
    """Write a size.

    >>> size(512), size(1536), size(5_000_000)
    ('512 bytes', '1.5 kB', '5.0 MB')
    """
    for factor, unit in ((10**9, "GB"), (10**6, "MB"), (1000, "kB")):
        if bytes_ >= factor:
            return f"{bytes_ / factor:.1f} {unit}"
    return f"{bytes_} bytes"


def limit(value: float) -> str:
    """Write a limit as its author did: no digit added, none lost.

    >>> limit(0.8), limit(1.0), limit(-0.05)
    ('0.8', '1', '−0.05')
    """
    return f"{value:.10g}".replace("-", MINUS)


def point(measured: Measured, beside: tuple[float, ...] = ()) -> str:
    """Write the point of a measurement with its unit, or a dash.

    A number never looks equal to a limit `beside` it that it does not equal.

    >>> point(Exact(value=12, n=12)), point(Exact(value=0.79996, n=9), beside=(0.8,))
    ('12', '0.79996')
    """
    match measured:
        case Exact(unit="bytes"):
            return size(int(measured.value))
        case Exact(value=int()):
            return f"{number(measured.value)} {measured.unit}".rstrip()
        case Exact() | Estimate():
            unit = measured.unit if isinstance(measured, Exact) else ""
            return f"{_float(measured.value, _shared_decimals(measured, beside))} {unit}".rstrip()
        case Undefined():
            return DASH


def ends(measured: Measured, beside: tuple[float, ...] = ()) -> tuple[str, str] | None:
    """Write the ends of an interval with the decimals of its point; None where there is no interval.

    >>> ends(Estimate(value=0.834, low=0.801, high=None, level=0.95, method="x", n=9))
    ('0.801', '∞')
    """
    if not isinstance(measured, Estimate):
        return None
    decimals = _shared_decimals(measured, beside)
    low = f"{MINUS}{INFINITE}" if measured.low is None else _float(measured.low, decimals)
    high = INFINITE if measured.high is None else _float(measured.high, decimals)
    return low, high


def _shared_decimals(measured: Exact | Estimate, beside: tuple[float, ...]) -> int:
    low, high = (measured.low, measured.high) if isinstance(measured, Estimate) else (None, None)
    parts = [float(v) for v in (measured.value, low, high) if v is not None]
    decimals = _decimals(max(abs(v) for v in parts))
    while decimals < 9 and any(v != b and abs(v - b) < 0.5 * 10**-decimals for v in parts for b in beside):
        decimals += 1
    return decimals


def _decimals(value: float) -> int:
    for bound, decimals in ((10, 3), (100, 2), (1000, 1)):
        if abs(value) < bound:
            return decimals
    return 0


def _float(value: float, decimals: int) -> str:
    if value != 0 and abs(value) < 0.5 * 10**-decimals:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", MINUS)
    return f"{value:,.{decimals}f}".replace("-", MINUS) if value else f"{0:.{decimals}f}"


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
