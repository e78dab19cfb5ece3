"""Questions about a field that descriptors answer only loosely typed."""

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor


def message_name(field: FieldDescriptor) -> str:
    """Give the full name of a field's message type, "" for scalars."""
    return field.message_type.full_name if field.message_type is not None else ""


def enum_name(field: FieldDescriptor) -> str:
    """Give the full name of a field's enum type, "" for other types."""
    return field.enum_type.full_name if field.enum_type is not None else ""


def message_of(field: FieldDescriptor) -> Descriptor:
    """Give the type of a message field."""
    assert field.message_type is not None, field.full_name
    return field.message_type


def enum_of(field: FieldDescriptor) -> EnumDescriptor:
    """Give the type of an enum field."""
    assert field.enum_type is not None, field.full_name
    return field.enum_type


def is_map(field: FieldDescriptor) -> bool:
    """Tell a map from other repeated fields."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry
