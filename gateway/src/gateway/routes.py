"""The table of routes, built once from the contract's `google.api.http` rules."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from google.api import http_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.json.fields import message_of
from chassis.rpc import Method, http_rule
from chassis.rpc.registry import contract_methods

_VARIABLE = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True)
class Route:
    """One RPC as HTTP sees it.

    Attributes:
        name: the method's, with a number behind it for the second of its rules and the following.
        path: the template, ``/v1/sources/{source.id}``.
        variables: proto paths of its variables, in order.
        body: the request's field the body fills, "*" for the whole request, "" for none.
        response_body: the reply's field of bytes that is the answer's body; "" for the whole reply.
    """

    name: str
    method: Method
    verb: str
    path: str
    variables: tuple[str, ...]
    body: str
    response_body: str

    @property
    def request(self) -> Descriptor:
        """Give the request's descriptor."""
        return self.method.descriptor.input_type

    @property
    def body_message(self) -> Descriptor:
        """Give the descriptor of what the body holds."""
        if self.body in ("", "*"):
            return self.request
        return message_of(self.request.fields_by_name[self.body])

    @functools.cached_property
    def takes_bytes(self) -> bool:
        """Tell whether the body is taken as it is, part by part (`content.py`)."""
        field = self.request.fields_by_name.get(self.body)
        return field is not None and field.type == FieldDescriptor.TYPE_BYTES

    @property
    def gives_bytes(self) -> bool:
        """Tell whether the answer's body is bytes as they are, part by part (`content.py`)."""
        return bool(self.response_body)

    @functools.cached_property
    def own(self) -> frozenset[str]:
        """Name the request's fields that say which part it is; callers do not set them."""
        if self.takes_bytes:
            return frozenset({"finish"})
        return frozenset({"offset", "size"}) if self.gives_bytes else frozenset()


@dataclass
class _Node:
    """A place in the tree of paths: fixed segments, one for a variable, and verbs after a colon."""

    fixed: dict[str, "_Node"] = field(default_factory=dict[str, "_Node"])
    variable: "_Node | None" = None
    verbs: dict[str, dict[str, Route]] = field(default_factory=dict[str, dict[str, Route]])


class Routes:
    """Finds a route by walking the segments of a path as it was sent, escapes and all."""

    def __init__(self) -> None:
        self.all = [route for method in contract_methods() for route in routes_of(method)]
        self._root = _Node()
        for route in self.all:
            parts, verb = segments(route.path)
            node = self._root
            for part in parts:
                if _VARIABLE.fullmatch(part):
                    node.variable = node.variable or _Node()
                    node = node.variable
                else:
                    node = node.fixed.setdefault(part, _Node())
            routes = node.verbs.setdefault(verb, {})
            if route.verb in routes:
                raise ValueError(f"{route.verb} {route.path} stands twice in the contract")
            routes[route.verb] = route

    def find(self, path: str) -> tuple[dict[str, Route], list[str]]:
        """Give the routes of a path by HTTP verb, and the values of its variables."""
        parts, verb = segments(path)
        node = self._root
        values: list[str] = []
        for part in parts:
            following = node.fixed.get(part)
            if following is None:
                following = node.variable if part else None
                values.append(unquote(part))
            if following is None:
                return {}, []
            node = following
        return node.verbs.get(verb, {}), values


def segments(path: str) -> tuple[list[str], str]:
    """Split ``/v1/sources/{id}:undelete`` into its segments and its verb."""
    parts = path.removeprefix("/").split("/")
    last, colon, verb = parts[-1].partition(":")
    return [*parts[:-1], last], verb or colon  # a colon without a verb is no verb of ours


def routes_of(method: Method) -> Iterator[Route]:
    """Read a method's rules; it may have none.

    Raises:
        ValueError: a rule answers with a field that is not of bytes.
    """
    rule = http_rule(method)
    for number, one in enumerate((rule, *rule.additional_bindings) if rule else (), 1):
        route = _route_of(method, one, number)
        if route is not None:
            yield route


def _route_of(method: Method, rule: http_pb2.HttpRule, number: int) -> Route | None:
    kind = rule.WhichOneof("pattern")
    if kind is None:
        return None
    answer = method.descriptor.output_type.fields_by_name.get(rule.response_body)
    if rule.response_body and (answer is None or answer.type != FieldDescriptor.TYPE_BYTES):
        raise ValueError(f"{method.path}: {rule.response_body} is no field of bytes")
    return Route(
        name=f"{method.name}{number if number > 1 else ''}",
        method=method,
        verb=kind.upper(),
        path=getattr(rule, kind),
        variables=tuple(_VARIABLE.findall(getattr(rule, kind))),
        body=rule.body,
        response_body=rule.response_body,
    )
