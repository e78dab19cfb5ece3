"""ProtoJSON both ways, with google.protobuf.json_format as the oracle."""

import math
from pathlib import Path

import pytest
from banyan.api.v1 import change_pb2
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
    text_format,
    wrappers_pb2,
)
from google.type import date_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import errors
from chassis.json import codec_of, present_fields

PROTO = Path(__file__).with_name("everything.txtpb").read_text()


def _everything():
    assert wrappers_pb2.DESCRIPTOR  # linked into the pool

    file = text_format.Parse(PROTO, descriptor_pb2.FileDescriptorProto())
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    found = descriptor_pool.Default().FindMessageTypeByName("chassis.tests.Everything")
    return message_factory.GetMessageClass(found)


Everything = _everything()
CODEC = codec_of(Everything)

# What the oracle and we read alike: accepted by both with the same meaning, or refused by both.
SAME = [
    {},
    {"text": "华星", "flag": True},
    {"intSmall": 5, "int_big": "9223372036854775807"},
    {"intBig": 12, "uintBig": "18446744073709551615"},
    {"intSmall": 1.0},
    {"intSmall": "7"},
    {"intSmall": 1.5},
    {"intSmall": True},
    {"intSmall": 2147483648},
    {"intBig": "9223372036854775808"},
    {"uintBig": -1},
    {"real": 1e300, "narrow": 1.5},
    {"real": "NaN"},
    {"real": "-Infinity"},
    {"real": "nan"},
    {"narrow": 1e39},
    {"raw": "aGVsbG8="},
    {"raw": "aGVsbG8"},
    {"raw": "-_8="},
    {"raw": "not base64!"},
    {"color": "COLOR_RED"},
    {"color": 2},
    {"color": "PURPLE"},
    {"at": "2026-11-23T09:17:36Z"},
    {"at": "2026-11-23T09:17:36.123456789+08:00"},
    {"at": "0001-01-01T00:00:00Z"},
    {"at": "9999-12-31T23:59:59.999999999Z"},
    {"at": "2026-11-23"},
    {"at": "2026-13-23T09:17:36Z"},
    {"at": 5},
    {"span": "3.5s"},
    {"span": "-0.000000001s"},
    {"span": "3"},
    {"span": "315576000001s"},
    {"free": {"a": [1, None, {"b": "c"}], "d": 1.5}},
    {"free": [1]},
    {"value": None},
    {"value": [1, "x", None]},
    {"wrapped": "5"},
    {"wrapped": None},
    {"wrapped": "x"},
    {"wrappedText": "x"},
    {"mask": "closeDate,owner.name"},
    {"many": [1, "2", 3.0]},
    {"many": 1},
    {"many": [1, None]},
    {"many": None},
    {"child": {"child": {"text": "deep"}}},
    {"children": [{"text": "a"}, {}]},
    {"child": "x"},
    {"left": "a"},
    {"right": 0},
    {"left": "a", "right": 1},
    {"left": "a", "right": None},
    {"maybe": 0},
    {"maybe": None},
    {"byName": {"a": 1, "b": "2"}},
    {"byName": []},
    {"byFlag": {"true": "2026-01-01T00:00:00Z"}},
    {"byFlag": {"yes": "2026-01-01T00:00:00Z"}},
    {"unknown": 1},
    {"text": 1},
    {"text": None},
    {"flag": "true"},
    {"flag": 1},
]


@pytest.mark.parametrize("value", SAME, ids=repr)
def test_reads_what_protojson_says(value):
    try:
        expected = json_format.ParseDict(value, Everything())
    except (json_format.ParseError, TypeError, AttributeError, ValueError):
        with pytest.raises(errors.Invalid):
            CODEC.from_value(value)
        return
    assert CODEC.from_value(value) == expected


@pytest.mark.parametrize("value", SAME, ids=repr)
def test_writes_what_protojson_says(value):
    try:
        message = CODEC.from_value(value)
    except errors.Invalid:
        return
    expected = json_format.MessageToDict(message)
    if "color" in expected:
        expected["color"] = expected["color"].removeprefix("COLOR_")
    written = CODEC.to_value(message)
    assert written == expected or (math.isnan(message.real) and written == {"real": "NaN"})
    assert CODEC.from_bytes(CODEC.to_bytes(message)) == message or math.isnan(message.real)


messages = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(max_size=5),
        "flag": st.booleans(),
        "intSmall": st.integers(-(2**31), 2**31 - 1),
        "intBig": st.integers(-(2**63), 2**63 - 1).map(str),
        "real": st.floats(allow_nan=False, allow_infinity=False),
        "many": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
        "maybe": st.integers(-5, 5),
        "byName": st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
        "at": st.datetimes().map(lambda d: d.isoformat() + "Z"),
    },
)


@given(messages)
@settings(max_examples=200, deadline=None)
def test_agrees_with_json_format_on_any_message(value):
    message = json_format.ParseDict(value, Everything())
    assert CODEC.from_value(value) == message
    # An explicit sign of zero is the one thing not carried: -0.0 reads as the default.
    expected = {
        k: v for k, v in json_format.MessageToDict(message).items() if v != 0 or k == "maybe"
    }
    assert CODEC.to_value(message) == expected


def test_every_wrong_field_is_named_at_once_by_its_path():
    with pytest.raises(errors.Invalid) as caught:
        CODEC.from_value(
            {"children": [{}, {"intSmall": "x"}], "flag": 1, "nope": 2, "byName": {"k": "v"}},
            "item",
        )
    found = {v.path: v.reason for v in caught.value.violations}
    assert found == {
        "item.children[1].int_small": "NOT_AN_INTEGER",
        "item.flag": "NOT_A_BOOLEAN",
        "item.nope": "UNKNOWN_FIELD",
        "item.by_name['k']": "NOT_AN_INTEGER",
    }


def test_a_field_in_both_spellings_is_refused():
    with pytest.raises(errors.Invalid):
        CODEC.from_value({"intSmall": 1, "int_small": 2})


def test_dates_decimals_and_enums_have_short_forms():
    message = CODEC.from_value({"day": "2017-03-01", "rate": "12.50", "color": "BLUE"})
    assert message.day == date_pb2.Date(year=2017, month=3, day=1)
    assert CODEC.to_value(message) == {"day": "2017-03-01", "rate": "12.50", "color": "BLUE"}
    for wrong in ("2017-02-30", "2017-3-1", "20170301", 20170301):
        with pytest.raises(errors.Invalid):
            CODEC.from_value({"day": wrong})
    for wrong in ("1e5", 0.1, "01", "1."):
        with pytest.raises(errors.Invalid):
            CODEC.from_value({"rate": wrong})


def test_depth_is_bounded():
    nested: object = 1
    for _ in range(40):
        nested = [nested]
    with pytest.raises(errors.Invalid):
        CODEC.from_value({"value": nested})


def test_malformed_text_is_one_clear_error():
    for text in (b"{", b"\xff", b"", b'{"a":NaN}'):
        with pytest.raises(errors.Invalid) as caught:
            CODEC.from_bytes(text)
        assert caught.value.reason == "MALFORMED_JSON"


def test_the_mask_of_a_patch_is_what_the_body_mentions():
    body = {"intSmall": None, "text": "a", "int_big": 1}
    assert present_fields(Everything.DESCRIPTOR, body) == ["int_small", "text", "int_big"]


def test_changes_carry_packed_records():
    change = change_pb2.Change(id="x")
    change.record.Pack(change_pb2.FieldChange(path="name"))
    assert codec_of(change_pb2.Change).to_value(change) == json_format.MessageToDict(change)
