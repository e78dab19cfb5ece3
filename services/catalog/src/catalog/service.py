"""Composition root of catalog."""

from chassis.hosting import Service

SERVICE = Service("catalog")
