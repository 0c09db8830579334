# ruff: noqa: E501 (messages stand whole, as they are printed)
import pytest


def test_an_override_takes_the_place_of_a_key(sound):
    spec = sound(
        "seed: 1\nperformance: {interval: {level: 0.9}}\n", "seed=2", "performance.interval.level=0.8", "task=binary"
    )
    assert (spec.seed, spec.performance.interval.level, spec.task) == (2, 0.8, "binary")


def test_the_rest_of_a_section_stays(sound):
    spec = sound("performance: {interval: {level: 0.9}}\n", "performance.interval.resamples=100")
    assert (spec.performance.interval.level, spec.performance.interval.resamples) == (0.9, 100)


def test_values_are_yaml(sound):
    spec = sound(
        "",
        "fairness=no",
        "report.formats=[html, json]",
        "sensitive={features: [a]}",
        "title=a=b",
        "decision.positive='1'",
    )
    assert spec.fairness is False
    assert spec.report.formats == ("html", "json")
    assert spec.sensitive.features == ("a",)
    assert (spec.title, spec.decision.positive) == ("a=b", "1")


def test_the_last_override_wins_and_an_empty_one_means_nothing(sound):
    assert sound("", "seed=1", "seed=2").seed == 2
    assert sound("task: binary\n", "task=").task is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "--set seed: expected key=value with a dotted key. For example: --set performance.interval.level=0.9"),
        ("=1", "--set =1: expected key=value with a dotted key. For example: --set performance.interval.level=0.9"),
        ("a..b=1", "--set a..b=1: expected key=value with a dotted key. For example: --set performance.interval.level=0.9"),
        ("seed=x", "--set seed seed: expected a whole number from 0 to 4294967295, found the text 'x'."),
        ("sede=1", "--set sede sede: unknown key 'sede'. Did you mean 'seed'?"),
        ("model.path.x=1", "--set model.path.x: the spec holds no section above 'x'. Give the whole value above it."),
        ("title=a: b: c", "--set title: a second ': ' stands in this line, or the line is indented too far. "
                          "Put text that holds ': ' in quotes, or mend the indentation."),
        ("title=*a", "--set title: the alias *a is not read. Write the value out."),
    ],
)  # fmt: skip
def test_a_wrong_override_is_told_by_its_key(problems, override, message):
    assert problems("model: {path: m}\ndata: {test: t, target: y}\n", override) == [message]
