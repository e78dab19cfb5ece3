"""Protobuf messages as JSON and back, compiled once per message type.

The format is ProtoJSON with four deviations, the same in both directions: a ``google.type.Date`` is
``"2017-03-01"``, a ``google.type.Decimal`` is ``"12.50"``, enum values are written by their short
name (``WON`` for ``OUTCOME_WON``, both are read), and a null list element is refused.
``google.protobuf.json_format`` is the oracle in the tests and never runs in a request.
"""

from chassis.json.codec import Codec, codec_of, present_fields, short_enum_name

__all__ = ["Codec", "codec_of", "present_fields", "short_enum_name"]
