"""CommunicationParticipant: who took part in a communication, of either side, once (SAL-49)."""

from banyan.party.v1 import communication_participant_pb2

from chassis.resources import Noun, unique

COMMUNICATION_PARTICIPANT = Noun(
    communication_participant_pb2.CommunicationParticipant,
    keys=(unique("communication_id", "contact_id"), unique("communication_id", "user_id")),
    reads=("communication_id",),
)
