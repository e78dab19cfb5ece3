"""One codec per message type, built on first use and kept."""

import functools
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import orjson
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis import errors
from chassis.json.decode import Refused, decoder_of, json_fields
from chassis.json.encode import encoder_of, short_enum_name

M = TypeVar("M", bound=Message)

__all__ = ["Codec", "codec_of", "present_fields", "short_enum_name"]


class Codec(Generic[M]):
    """Reads and writes one message type as JSON."""

    def __init__(self, message_type: type[M]) -> None:
        self.message_type = message_type
        self._encode = encoder_of(message_type.DESCRIPTOR)
        self._decode = decoder_of(message_type.DESCRIPTOR)

    def to_value(self, message: M) -> Any:
        """Give the message as plain dicts, lists and scalars."""
        return self._encode(message)

    def to_bytes(self, message: M) -> bytes:
        """Write the message as UTF-8 JSON."""
        return orjson.dumps(self._encode(message))

    def from_value(self, value: Any, path: str = "") -> M:
        """Read a message from plain values.

        Raises:
            Invalid: names every wrong field, each path beginning with `path`.
        """
        try:
            return self._decode(value)
        except Refused as refused:
            raise errors.Invalid("INVALID_FIELDS", violations=refused.violations(path)) from None

    def from_bytes(self, data: bytes) -> M:
        """Read a message from UTF-8 JSON; see `from_value` for errors."""
        return self.from_value(parse(data))


@functools.cache
def codec_of(message_type: type[M]) -> Codec[M]:
    """Give the codec of a message type."""
    return Codec(message_type)


def parse(data: bytes) -> Any:
    """Parse JSON text.

    Raises:
        Invalid: MALFORMED_JSON with the parser's words.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise errors.Invalid("MALFORMED_JSON", detail=str(error)) from None


def present_fields(descriptor: Descriptor, value: Mapping[str, Any]) -> list[str]:
    """Name the proto fields that a JSON object mentions, null or not: the mask of a PATCH body."""
    known = json_fields(descriptor)
    return [known[key] for key in value if key in known]
