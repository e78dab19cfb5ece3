"""The endurance check in its small size; `make chaos` runs the large one."""

import os

from chaos.disturb import FEW_STEPS
from chaos.run import run

CHANGES = 500
# What a killed consumer held comes back after 30 s of its own; the small check does not wait.
HURRY_SECONDS = 1.0


def test_nothing_is_lost_while_servers_and_services_are_killed(tmp_path):
    changes = int(os.environ.get("BANYAN_CHAOS_CHANGES", CHANGES))
    report = run(tmp_path / "home", changes, steps=FEW_STEPS, hurry_seconds=HURRY_SECONDS)
    assert report.wrong == []
