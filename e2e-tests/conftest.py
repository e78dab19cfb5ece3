"""One running Banyan for all journeys."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from running import Banyan, one_process, split_processes

from chassis.hosting import installed_services
from chassis.hosting.local import LocalServers


@pytest.fixture(scope="session")
def banyan(tmp_path_factory) -> Generator[Banyan]:
    """Start Banyan once for all journeys."""
    home: Path = tmp_path_factory.mktemp("e2e") / "home"
    split = os.environ.get("BANYAN_E2E_MODE", "all") == "split"
    servers = LocalServers(home, installed_services())
    try:
        with (split_processes if split else one_process)(home, servers) as running:
            yield running
    finally:
        servers.stop()
        servers.remove()
