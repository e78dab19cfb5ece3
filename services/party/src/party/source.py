"""Source: where leads and customers come from (SAL-02, PLT-32)."""

from banyan.party.v1 import source_pb2

from chassis.resources import Noun

SOURCE = Noun(source_pb2.Source)
