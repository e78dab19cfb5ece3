"""A partner's system at its own door: client credentials, the contract by reflection (PLT-09)."""

import subprocess
import sys
import uuid
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from running import environment

EXAMPLE = Path(__file__).parent.parent / "examples" / "partner.py"


@pytest.fixture
def client(banyan) -> dict[str, str]:
    """Give id and secret of an API client that may work with organizations."""
    with banyan.client() as http:
        made = http.post("/v1/apiClients", json={"name": f"ERP {uuid.uuid4()}"}).json()
        permission = {"resource": "party.Organization", "action": "*", "scope": "ALL"}
        role = {"name": f"ERP {uuid.uuid4()}", "permissions": [permission]}
        role_id = http.post("/v1/roles", json=role).json()["id"]
        given = http.post(
            "/v1/roleAssignments",
            json={"userId": made["userId"], "roleId": role_id, "orgUnitId": made["orgUnitId"]},
        )
        assert given.status_code == 201, given.text
        rotated = http.post(f"/v1/apiClients/{made['id']}:rotateSecret", json={}).json()
        return {"id": made["id"], "secret": rotated["secret"]}


def test_the_example_works_as_it_is(banyan, client):
    ran = subprocess.run(
        [
            *(sys.executable, EXAMPLE, "--address", banyan.partners),
            *("--client-id", client["id"], "--client-secret", client["secret"]),
        ],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    words = [line.split()[0] for line in ran.stdout.splitlines()]
    assert words == ["made", "made", "refused", "found", "found", "refused"]
    assert "INVALID_ARGUMENT INVALID_FIELDS" in ran.stdout


def test_a_wrong_secret_gets_nothing(banyan, client):
    with grpc.insecure_channel(banyan.partners) as channel:
        call = channel.unary_unary("/banyan.identity.v1.SessionService/IssueClientToken")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=20)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_the_contract_can_be_asked_for_and_what_is_for_services_is_not_there(banyan):
    with grpc.insecure_channel(banyan.partners) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        ask = reflection_pb2.ServerReflectionRequest
        listed, described = stub.ServerReflectionInfo(
            iter(
                (
                    ask(list_services=""),
                    ask(file_containing_symbol="banyan.sales.v1.OpportunityService"),
                )
            )
        )
        names = {service.name for service in listed.list_services_response.service}
        assert {"banyan.sales.v1.OpportunityService", "banyan.party.v1.SourceService"} <= names
        assert "banyan.api.v1.ChangeService" not in names
        files = described.file_descriptor_response.file_descriptor_proto
        parsed = [descriptor_pb2.FileDescriptorProto.FromString(file) for file in files]
        assert "banyan/sales/v1/opportunity.proto" in {file.name for file in parsed}
        read = channel.unary_unary("/banyan.api.v1.ChangeService/ReadChanges")
        with pytest.raises(grpc.RpcError) as caught:
            read(b"", timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
