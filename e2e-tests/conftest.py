"""One running Banyan for all journeys."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from crm_export import SELF_MADE
from running import Banyan, one_process, split_processes
from teams import Teams

from chassis.hosting import installed_services
from chassis.hosting.local import LocalServers


@pytest.fixture(scope="module", params=["self-made", "BANYAN_EXPORT_DIR"])
def export_folder(request) -> Path:
    """Give an export of another CRM: the invented one, then the real one where there is one."""
    if request.param == "self-made":
        return SELF_MADE
    if not os.environ.get(request.param):
        pytest.skip("BANYAN_EXPORT_DIR does not name the folder of a real export")
    return Path(os.environ[request.param])


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


@pytest.fixture(scope="session")
def teams(banyan) -> Generator[Teams]:
    """Make two teams once for the journeys about rights."""
    with banyan.client() as admin:
        yield Teams(banyan, admin)
