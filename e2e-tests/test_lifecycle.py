"""Starting and stopping, as a person at a terminal does it."""

import os
import signal
import uuid
from pathlib import Path

import httpx
from running import BIN, Banyan, process, wait_ready

from chassis.hosting import installed_services
from chassis.hosting.local import LocalServers, free_ports


def servers_of(home: Path) -> list[int]:
    """Find running servers by their data folder."""
    folder = str((home / "data").resolve())
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if folder in arguments:
                found.append(int(entry.name))
    return found


def test_data_outlives_a_crash_and_ctrl_c_leaves_nothing(tmp_path):
    home, port = tmp_path / "home", next(free_ports())
    settings = {"BANYAN_HOME": str(home), "BANYAN_PORT": str(port)}
    command = (str(BIN / "banyan"), "up")
    banyan = Banyan(f"http://127.0.0.1:{port}", home)
    name = f"kept {uuid.uuid4()}"
    try:
        with process(*command, **settings) as first:
            wait_ready(banyan.url, first)
            assert (home / "port").read_text() == str(port), "where other commands find it"
            with banyan.client() as http:
                assert http.post("/v1/sources", json={"name": name}).status_code == 201
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        left = servers_of(home)
        assert left, "the servers outlive a killed parent"

        with process(*command, **settings) as second:
            wait_ready(banyan.url, second)
            assert not set(left) & set(servers_of(home)), "what was left has been ended"
            with banyan.client() as http:
                found = http.get("/v1/sources", params={"filter": f'name = "{name}"'})
                assert len(found.json()["sources"]) == 1

            with process(*command, **settings) as third:
                output = third.communicate(timeout=60)[0]
                assert third.returncode == 2
                assert "already running" in output
        assert servers_of(home) == []
    finally:
        LocalServers(home, installed_services()).remove()


def test_a_taken_port_is_refused_by_name(banyan, tmp_path):
    port = httpx.URL(banyan.url).port
    settings = {"BANYAN_HOME": str(tmp_path), "BANYAN_PORT": str(port)}
    with process(str(BIN / "banyan"), "up", **settings) as refused:
        output = refused.communicate(timeout=60)[0]
    assert refused.returncode == 2
    assert f"BANYAN_PORT={port} is taken" in output


def test_an_unknown_setting_fails_at_start(tmp_path):
    settings = {"BANYAN_HOME": str(tmp_path), "BANYAN_COLOUR": "red"}
    with process(str(BIN / "banyan"), "config", **settings) as refused:
        output = refused.communicate(timeout=60)[0]
    assert refused.returncode == 2
    assert "BANYAN_COLOUR" in output
