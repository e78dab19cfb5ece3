"""Composition root of studio."""

from chassis.hosting import Service
from studio.custom_field import CUSTOM_FIELD
from studio.definition import METHODS
from studio.picklist import PICKLIST
from studio.view import VIEW

SERVICE = Service("studio", nouns=(PICKLIST, CUSTOM_FIELD, VIEW), methods=METHODS)
