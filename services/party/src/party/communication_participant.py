"""CommunicationParticipant: who took part in a communication, of either side, once (SAL-49)."""

from banyan.party.v1 import communication_participant_pb2

from chassis.resources import Noun

COMMUNICATION_PARTICIPANT = Noun(
    communication_participant_pb2.CommunicationParticipant,
    reads=("communication_id",),
)
