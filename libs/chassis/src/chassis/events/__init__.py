"""Every change, once: written with the row, relayed to JetStream, taken in by consumers.

Delivery is at least once, effects are exactly once: a consumer's effect and its inbox row are one
transaction. Order is carried by the record's version, never assumed.
"""

from chassis.events.broker import Broker, Event
from chassis.events.change import ChangeDraft, draft_change, fact_id, readable_changes
from chassis.events.consumer import Consumer, ConsumerRunner
from chassis.events.objects import Objects, open_objects
from chassis.events.relay import Relay
from chassis.events.timers import Sweeper, Timer, set_timer

__all__ = [
    "Broker",
    "ChangeDraft",
    "Consumer",
    "ConsumerRunner",
    "Event",
    "Objects",
    "Relay",
    "Sweeper",
    "Timer",
    "draft_change",
    "fact_id",
    "open_objects",
    "readable_changes",
    "set_timer",
]
