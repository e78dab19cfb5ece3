"""LegalEntity: a company of the firm (PLT-33)."""

from banyan.identity.v1 import legal_entity_pb2

from chassis.resources import Noun, unique

LEGAL_ENTITY = Noun(
    legal_entity_pb2.LegalEntity,
    keys=(unique("name"),),
    without={"Share": "everybody in the firm may see it"},
)
