"""CEL, the one language for rules a tenant defines (stage entry, guards, qualification).

Rules are type-checked against the messages they speak of when they are saved. The library returns
run-time errors as values, which are truthy: `Rule.holds` raises them, so a failing guard never
reads as true.
"""

import functools
import re
from collections.abc import Mapping

from cel_expr_python import cel
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis import errors

RULE_LENGTH_MAX = 2_000


class Rule:
    """A compiled rule that says yes or no."""

    def __init__(self, text: str, expression: cel.Expression) -> None:
        self.text = text
        self._expression = expression

    def holds(self, **values: Message) -> bool:
        """Tell whether the rule holds for these messages.

        Raises:
            FailedPrecondition: RULE_FAILED when it cannot be evaluated (division by zero, a
                missing key, too many steps).
        """
        result = self._expression.eval(data=values)
        value = result.value()
        if result.type() != cel.Type.BOOL:
            raise errors.FailedPrecondition("RULE_FAILED", rule=self.text, detail=value)
        return value is True


def compile_rule(text: str, field: str, variables: Mapping[str, Descriptor]) -> Rule:
    """Compile and type-check a rule whose names are the given messages.

    Raises:
        Invalid: INVALID_RULE at `field`, with the position and the checker's words.
    """
    if len(text) > RULE_LENGTH_MAX:
        raise errors.invalid_field(field, "RULE_TOO_LONG", limit=RULE_LENGTH_MAX)
    names = tuple((name, descriptor.full_name) for name, descriptor in sorted(variables.items()))
    try:
        return _compile(text, names)
    except _NotBoolean as kind:
        raise errors.invalid_field(field, "RULE_NOT_BOOLEAN", kind=str(kind)) from None
    except Exception as error:  # the library raises plain RuntimeError and ValueError
        position, detail = _where(str(error))
        raise errors.invalid_field(
            field, "INVALID_RULE", position=position, detail=detail
        ) from None


class _NotBoolean(Exception):
    pass


@functools.lru_cache(maxsize=4096)
def _compile(text: str, names: tuple[tuple[str, str], ...]) -> Rule:
    environment = cel.NewEnv(variables={name: cel.Type(kind) for name, kind in names})
    expression = environment.compile(text)
    kind = expression.return_type()
    if kind != cel.Type.BOOL:
        raise _NotBoolean(kind.name())
    return Rule(text, expression)


def _where(message: str) -> tuple[str, str]:
    """Split the checker's first complaint into line:column and words."""
    match = re.search(r":(\d+:\d+): (.*)", message)
    return (match[1], match[2]) if match else ("1:1", message.splitlines()[0])
