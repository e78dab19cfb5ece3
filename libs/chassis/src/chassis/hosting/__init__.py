"""How services run: settings, lifecycle, targets, the local servers, the command `banyan`."""

from chassis.hosting.host import Front, Host
from chassis.hosting.service import Service, installed_services
from chassis.hosting.settings import Settings

__all__ = ["Front", "Host", "Service", "Settings", "installed_services"]
