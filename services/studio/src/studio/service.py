"""Composition root of studio."""

from chassis.hosting import Service

SERVICE = Service("studio")
