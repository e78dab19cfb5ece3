"""What a noun has and where it stands, for people."""

import dataclasses
import inspect
from typing import Any

from banyan.api.v1 import options_pb2

from chassis.resources import Noun
from chassis.rpc import http_rule
from chassis.rpc.method import SIGNED_IN


def explain_noun(noun: Noun) -> dict[str, list[str]]:
    """List verbs, hooks, fields and events, each with where it stands."""
    verbs: list[str] = []
    for method in noun.rpcs:
        rule = http_rule(method)
        kind = rule.WhichOneof("pattern") if rule is not None else None
        route = f"{kind.upper()} {getattr(rule, kind)}" if kind else "gRPC only"
        access = options_pb2.Access.Name(options_pb2.Access.ValueType(method.access))
        written = {**noun.verbs, **noun.methods}
        origin = _place(written[method.name]) if method.name in written else "standard"
        needs = "being signed in" if method.action == SIGNED_IN else f"{noun.name}:{method.action}"
        if method.wider_action:
            needs += f", {method.wider_action}"
        verbs.append(f"{method.name:<28} {route:<44} {access} {needs:<28} {origin}")
    hooks = [
        f"{field.name:<18} {_place(getattr(noun.hooks, field.name))}"
        for field in dataclasses.fields(noun.hooks)
        if getattr(noun.hooks, field.name) is not None
    ]
    fields = [
        f"{name:<24} {' '.join(o.name for o, v in noun.field_options(name).ListFields() if v)}"
        for name in noun.fields
    ]
    subject = f"banyan.<tenant>.{noun.service}.{noun.table_name}.<verb>"
    return {
        "verbs": verbs,
        "hooks": hooks or ["none"],
        "without": [f"{verb}: {reason}" for verb, reason in noun.without.items()] or ["nothing"],
        "fields": fields,
        "events": [subject],
        "table": [f"{noun.service}.{noun.table_name}"],
    }


def _place(function: Any) -> str:
    file = inspect.getsourcefile(function) or "?"
    return f"{file}:{inspect.getsourcelines(function)[1]}"
