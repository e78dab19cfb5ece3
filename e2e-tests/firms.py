"""People of the running Banyan's firm: units, roles, and clients that are signed in."""

import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import httpx
from running import Banyan

PASSWORD = "a long enough password"
SECONDS_MAX = 20


def post(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def permissions(resources: Iterable[str], action: str, scope: str) -> list[dict[str, str]]:
    """Give the same permission on several nouns."""
    return [{"resource": noun, "action": action, "scope": scope} for noun in resources]


def eventually(ask: Callable[[], Any], wanted: Any) -> None:
    """Ask until the answer is the one wanted: what services tell each other takes a moment."""
    until = time.monotonic() + SECONDS_MAX
    while (found := ask()) != wanted:
        assert time.monotonic() < until, (found, wanted)
        time.sleep(0.05)


class Person(httpx.Client):
    """Somebody who is signed in."""

    def __init__(self, url: str, user_id: str, token: str) -> None:
        super().__init__(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        self.user_id = user_id


class Firm:
    """What an administrator makes so that people can work."""

    def __init__(self, banyan: Banyan, admin: httpx.Client) -> None:
        self.banyan, self.admin = banyan, admin

    def unit(self, name: str, above: str = "") -> str:
        body = {"name": f"{name} {uuid.uuid4()}", "kind": "TEAM", "sells": True}
        return post(self.admin, "/v1/orgUnits", body | ({"orgUnitId": above} if above else {}))[
            "id"
        ]

    def role(self, name: str, allowed: list[dict[str, Any]], **fields: Any) -> str:
        body = {"name": f"{name} {uuid.uuid4()}", "permissions": allowed, **fields}
        return post(self.admin, "/v1/roles", body)["id"]

    def assign(self, user_id: str, role: str, unit: str, **fields: Any) -> dict[str, Any]:
        body = {"userId": user_id, "roleId": role, "orgUnitId": unit, **fields}
        return post(self.admin, "/v1/roleAssignments", body)

    def person(self, unit: str, role: str, **fields: Any) -> Person:
        """Make somebody, give them a password and a role, and sign in as them."""
        email = f"{uuid.uuid4()}@example.com"
        body = {"displayName": "Somebody", "email": email, "orgUnitId": unit}
        user = post(self.admin, "/v1/users", body)["id"]
        post(self.admin, f"/v1/users/{user}:setPassword", {"newPassword": PASSWORD})
        self.assign(user, role, unit, **fields)
        with httpx.Client(base_url=self.banyan.url, timeout=30) as nobody:
            signed = {"tenant": "local", "email": email, "password": PASSWORD}
            token = post(nobody, "/v1/sessions:signIn", signed)["accessToken"]
        return Person(self.banyan.url, user, token)
