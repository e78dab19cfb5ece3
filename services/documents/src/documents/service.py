"""Composition root of documents."""

from chassis.hosting import Service

SERVICE = Service("documents")
