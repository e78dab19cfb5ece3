import pytest
from banyan.party.v1 import source_pb2

from chassis import errors
from chassis.expressions import compile_rule

NAMES = {"source": source_pb2.Source.DESCRIPTOR}


def test_a_rule_speaks_of_the_message():
    rule = compile_rule("source.name.startsWith('华') && !source.retired", "rule", NAMES)
    assert rule.holds(source=source_pb2.Source(name="华星"))
    assert not rule.holds(source=source_pb2.Source(name="华星", retired=True))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("source.nope == 1", "INVALID_RULE"),
        ("source.name == 1", "INVALID_RULE"),
        ("source.name", "RULE_NOT_BOOLEAN"),
        ("source.name ==", "INVALID_RULE"),
        ("x" * 3000, "RULE_TOO_LONG"),
    ],
)
def test_a_bad_rule_is_refused_when_saved(text, reason):
    with pytest.raises(errors.Invalid) as caught:
        compile_rule(text, "stages[0].entry_rule", NAMES)
    violation = caught.value.violations[0]
    assert (violation.path, violation.reason) == ("stages[0].entry_rule", reason)
    if reason == "INVALID_RULE":
        assert violation.metadata["position"].startswith("1:")


def test_a_failing_rule_is_an_error_and_never_true():
    rule = compile_rule("1 / size(source.name) > 0", "rule", NAMES)
    with pytest.raises(errors.FailedPrecondition):
        rule.holds(source=source_pb2.Source())
