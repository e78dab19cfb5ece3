"""What insight hears: every change of every service but itself."""

from banyan.api.v1 import change_pb2

from chassis.events import Event
from chassis.resources.noun import snake
from chassis.rpc import service_name
from chassis.rpc.registry import contract

_OWN = "insight"


def services() -> list[str]:
    """Name the services whose changes are taken in: all the contract knows."""
    return sorted({service_name(service) for service in contract()} - {_OWN, "api"})


def subjects() -> tuple[str, ...]:
    """Give the subjects of a consumer that hears everything."""
    return tuple(f"{service}.>" for service in services())


def is_change(event: Event) -> bool:
    """Tell a change from a fact, which comes with the change that established it."""
    return event.subject.split(".")[3] != "fact"


def again(change: change_pb2.Change) -> Event:
    """Give a change out of a service's log as the event it was."""
    service, _, noun = change.resource_type.partition(".banyan/")
    subject = f"banyan.{change.tenant_id}.{service}.{snake(noun)}.{change.verb}"
    return Event(
        change.id, change.tenant_id, subject, change.SerializeToString(), change.trace_parent
    )
