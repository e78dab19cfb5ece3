"""The table of routes, built once from the contract's `google.api.http` rules."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from google.protobuf.descriptor import Descriptor

from chassis.json.fields import message_of
from chassis.rpc import Method, http_rule
from chassis.rpc.registry import contract_methods

_VARIABLE = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True)
class Route:
    """One RPC as HTTP sees it.

    Attributes:
        path: the template, ``/v1/sources/{source.id}``.
        variables: proto paths of its variables, in order.
        body: the request's field the body fills, "*" for the whole request, "" for none.
    """

    method: Method
    verb: str
    path: str
    variables: tuple[str, ...]
    body: str

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


@dataclass
class _Node:
    """A place in the tree of paths: fixed segments, one for a variable, and verbs after a colon."""

    fixed: dict[str, "_Node"] = field(default_factory=dict[str, "_Node"])
    variable: "_Node | None" = None
    verbs: dict[str, dict[str, Route]] = field(default_factory=dict[str, dict[str, Route]])


class Routes:
    """Finds a route by walking the segments of a path as it was sent, escapes and all."""

    def __init__(self) -> None:
        self.all = [route for method in contract_methods() if (route := route_of(method))]
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


def route_of(method: Method) -> Route | None:
    """Read a method's rule, None when it has none."""
    rule = http_rule(method)
    kind = rule.WhichOneof("pattern") if rule is not None else None
    if rule is None or kind is None:
        return None
    path: str = getattr(rule, kind)
    return Route(method, kind.upper(), path, tuple(_VARIABLE.findall(path)), rule.body)
