"""View: a list as somebody likes to see it, and those it is offered to (PLT-25)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from banyan.studio.v1 import view_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis import errors
from chassis.access import TenantProfile
from chassis.custom.definitions import NONE, Fields
from chassis.custom.fields import key_of as custom_key
from chassis.custom.fields import keys_in
from chassis.errors import FieldViolation
from chassis.json.fields import message_of
from chassis.json.wellknown import snake
from chassis.resources import Around, Hooks, Noun, Resources
from chassis.resources.kinds import noun_of
from chassis.resources.query import Query, refused_parts
from chassis.resources.sql import Sql
from chassis.resources.summary import GroupReading
from chassis.rpc import Call
from studio.kinds import readable_types

_View = view_pb2.View
_ASKING = ("filter", "order_by", "group_by")
_OFFERED = """
($1 = '' OR t.resource_type = $1) AND (
    t.owner_user_id = $2::uuid OR t.sharing = $3::smallint
    OR (t.sharing = $4::smallint AND t.org_unit_id = ANY($5::uuid[])))
"""


def prepare_create(view: _View, around: Around) -> None:
    """Keep a view to its owner unless told otherwise, by somebody who may share.

    Raises:
        Forbidden: PERMISSION_DENIED.
    """
    view.sharing = view.sharing or _View.SHARING_OWNER
    if view.sharing != _View.SHARING_OWNER:
        _check_may_share(view, around)


def prepare_update(old: _View, new: _View, around: Around) -> None:
    """Let a view be shared more widely only by somebody who may share.

    Raises:
        Forbidden: PERMISSION_DENIED.
    """
    new.sharing = new.sharing or _View.SHARING_OWNER
    moved = new.sharing == _View.SHARING_UNIT and new.org_unit_id != old.org_unit_id
    if new.sharing > old.sharing or moved:
        _check_may_share(new, around)


def _check_may_share(view: _View, around: Around) -> None:
    if around.grants is None:
        return
    reach = around.grants.reach("studio.View", "share")
    if reach is None or not reach.covers(view):
        raise errors.Forbidden("PERMISSION_DENIED", action="share", resource="studio.View")


def validate(view: _View, around: Around) -> None:
    """Refuse what cannot be asked of the noun, naming every column and part that is wrong.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE, UNKNOWN_FIELD, and what List and Summarize refuse.
    """
    noun = noun_of(view.resource_type, "view.resource_type")
    violations = [*_wrong_columns(view, noun), *_wrong_questions(view, noun, around)]
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


def _wrong_columns(view: _View, noun: Noun) -> Iterator[FieldViolation]:
    for place, path in enumerate(view.columns):
        if not custom_key(path) and not _is_path(path, noun.descriptor):
            yield _unknown_column(place, path)


def _unknown_column(place: int, path: str) -> FieldViolation:
    return FieldViolation(f"view.columns[{place}]", "UNKNOWN_FIELD", metadata={"field": path})


def _is_path(path: str, message: Descriptor) -> bool:
    """Tell whether a path leads to a field: through single messages, in either spelling."""
    name, dot, inner = path.partition(".")
    field = message.fields_by_name.get(snake(name))
    if field is None or not dot:
        return field is not None
    if field.is_repeated or field.message_type is None:
        return False
    return _is_path(inner, message_of(field))


def _wrong_questions(view: _View, noun: Noun, around: Around) -> Iterable[FieldViolation]:
    """Put filter, order and groups together as the noun's service will, and see what it refuses."""
    questions = _questions(view, noun, around.tenant)
    for part in _custom_parts(view):  # these were checked with what is defined
        questions.pop(part, None)
    return refused_parts(questions, "view")


def _questions(
    view: _View, noun: Noun, profile: TenantProfile | None, fields: Fields = NONE
) -> dict[str, Callable[[], object]]:
    """Give what puts the parts of a view together, by their names."""
    query = Query(noun)
    questions: dict[str, Callable[[], object]] = {
        "filter": lambda: query.condition(view.filter, Sql(), profile, fields),
        "order_by": lambda: query.order(view.order_by, fields),
    }
    if profile is not None:
        reading = GroupReading(query, profile, Sql(), fields)
        questions["group_by"] = lambda: reading.keys(view.group_by)
    return questions


def _custom_parts(view: _View) -> list[str]:
    """Name the parts of a view that ask about custom fields."""
    return [part for part in _ASKING if keys_in(getattr(view, part))]


# --- columns of custom fields


def check_custom_columns(columns: Iterable[str], keys: set[str]) -> None:
    """Refuse columns of custom fields that are not among the keys of the noun's.

    Raises:
        Invalid: UNKNOWN_FIELD, per column.
    """
    violations = [
        _unknown_column(place, path)
        for place, path in enumerate(columns)
        if (key := custom_key(path)) and key not in keys
    ]
    if violations:
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


async def complete(here: Resources, call: Call, new: Any, _: dict[Any, Any]) -> None:
    """Refuse a new view that speaks of custom fields that are not defined."""
    await _check_defined(here, call, new.resource_type, new)


async def update(here: Resources, request: Any, call: Call) -> Message:
    """Change a view, looking up the custom fields it speaks of when what does so changes."""
    views = here[_View]
    if {"columns", *_ASKING} & set(views.rules.update_mask(request)):
        reach = views.rules.reach(call, "update")
        before = await views.store.find(call.tenant_id, request.view.id, reach)
        if before is not None:
            await _check_defined(here, call, before.resource_type, request.view)
    return await views.update(request, call)


async def _check_defined(here: Resources, call: Call, resource_type: str, view: _View) -> None:
    named = _custom_parts(view)
    if not named and not any(custom_key(path) for path in view.columns):
        return
    noun = noun_of(resource_type, "view.resource_type")
    fields = await here.fields_of(call.tenant_id, noun, call.started)
    check_custom_columns(view.columns, set(fields))
    questions = _questions(view, noun, call.tenant, fields)
    asked = {part: questions[part] for part in named if part in questions}
    if violations := list(refused_parts(asked, "view")):
        raise errors.Invalid("INVALID_FIELDS", violations=violations)


# --- to whom views are offered


async def offer(here: Resources, request: Any, call: Call) -> Message:
    """Give the views the caller is offered, of nouns the caller may read.

    Raises:
        Invalid: UNKNOWN_RESOURCE_TYPE.
    """
    if request.resource_type:
        noun_of(request.resource_type, "resource_type")
    home = call.access.org_unit_id if call.access is not None else ""
    units = [home, *call.profile.tree.ancestors(home)] if home else []
    found = await here[_View].store.where(
        call.tenant_id,
        _OFFERED,
        *(request.resource_type, call.caller.user_id),
        *(_View.SHARING_EVERYBODY, _View.SHARING_UNIT, units),
    )
    readable = readable_types(call)
    seen = [view for view in found if view.resource_type in readable]
    return view_pb2.OfferViewsResponse(views=in_order(seen, call.caller.user_id))


def in_order(views: Iterable[_View], user_id: str) -> list[_View]:
    """Order views by noun, preferred ones first, and what is nearer to the person before the rest.

    A person's own are nearest, then those of the unit.
    """

    def place(view: _View) -> tuple[str, bool, int, str, str]:
        nearness = 0 if view.owner_user_id == user_id else int(view.sharing)
        return view.resource_type, not view.preferred, nearness, view.name, view.id

    return sorted(views, key=place)


VIEW = Noun(
    _View,
    hooks=Hooks(
        complete=complete,
        prepare_create=prepare_create,
        prepare_update=prepare_update,
        validate=validate,
    ),
    methods={"UpdateView": update, "OfferViews": offer},
    without={"Share": "it says itself to whom it is offered"},
)
