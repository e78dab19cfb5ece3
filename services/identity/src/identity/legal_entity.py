"""LegalEntity: a company of the firm (PLT-33)."""

from banyan.identity.v1 import legal_entity_pb2

from chassis.resources import Noun

LEGAL_ENTITY = Noun(
    legal_entity_pb2.LegalEntity,
    without={"Share": "everybody in the firm may see it"},
)
