"""How services run: settings, lifecycle, targets, the local servers, the command `banyan`."""
