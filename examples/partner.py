"""A partner's system talks to Banyan over gRPC, with client credentials.

    python examples/partner.py --client-id ... --client-secret ...

It needs the stubs (libs/api) and grpcio, nothing else of Banyan. Make a client at
``POST /v1/apiClients``, give its account (``userId``) a role at ``POST /v1/roleAssignments``, and
get its secret from ``POST /v1/apiClients/{id}:rotateSecret``; README.md shows the three calls.
"""

import argparse
import uuid
from pathlib import Path

import grpc
from banyan.identity.v1 import session_pb2, session_pb2_grpc
from banyan.party.v1 import organization_pb2, organization_pb2_grpc
from google.rpc import error_details_pb2, status_pb2


def main() -> None:
    """Sign in, bring in a batch of organizations, read them back page by page."""
    options = arguments()
    with channel_to(options) as channel:
        token = sign_in(channel, options)
        organizations = organization_pb2_grpc.OrganizationServiceStub(channel)
        signed = (("authorization", f"Bearer {token}"),)
        run = uuid.uuid4().hex[:8]
        bring_in(organizations, signed, run)
        read_back(organizations, signed, run)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="127.0.0.1:50051")
    parser.add_argument("--tls-root", type=Path, help="certificate to trust; plaintext without")
    parser.add_argument("--tenant", default="local")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    return parser.parse_args()


def channel_to(options: argparse.Namespace) -> grpc.Channel:
    """Open the channel: TLS where a certificate is given."""
    if options.tls_root is None:
        return grpc.insecure_channel(options.address)
    credentials = grpc.ssl_channel_credentials(options.tls_root.read_bytes())
    return grpc.secure_channel(options.address, credentials)


def sign_in(channel: grpc.Channel, options: argparse.Namespace) -> str:
    """Exchange the client's credentials for an access token, good for ten minutes."""
    sessions = session_pb2_grpc.SessionServiceStub(channel)
    request = session_pb2.IssueClientTokenRequest(
        tenant=options.tenant,
        client_id=options.client_id,
        client_secret=options.client_secret,
    )
    return sessions.IssueClientToken(request).access_token


def bring_in(
    organizations: organization_pb2_grpc.OrganizationServiceStub,
    signed: tuple[tuple[str, str], ...],
    run: str,
) -> None:
    """Create three organizations at once; one is wrong, and only that one is refused."""
    request = organization_pb2.BatchCreateOrganizationsRequest(request_id=f"example {run}")
    for number, country in enumerate(("CN", "DE", "Germany")):
        request.requests.add(
            organization=organization_pb2.Organization(
                external_id=f"{run}-{number}", name=f"Example {run} {number}", country_code=country
            )
        )
    reply = organizations.BatchCreateOrganizations(request, metadata=signed)
    for made in reply.organizations:
        print(f"made     {made.id}  {made.name}")
    for error in reply.errors:
        fields = ", ".join(f"{field.path}: {field.message}" for field in error.fields)
        print(f"refused  row {error.row}  {error.message}  {fields}")


def read_back(
    organizations: organization_pb2_grpc.OrganizationServiceStub,
    signed: tuple[tuple[str, str], ...],
    run: str,
) -> None:
    """Read them in pages of one, and say what is wrong with a filter that is."""
    request = organization_pb2.ListOrganizationsRequest(
        filter=f'name:"Example {run}"', order_by="name", page_size=1
    )
    while True:
        page = organizations.ListOrganizations(request, metadata=signed)
        for found in page.organizations:
            print(f"found    {found.id}  {found.name}")
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    try:
        wrong = organization_pb2.ListOrganizationsRequest(filter='colour = "red"')
        organizations.ListOrganizations(wrong, metadata=signed)
    except grpc.RpcError as error:
        print(f"refused  {reason_of(error)}")


def reason_of(error: grpc.RpcError) -> str:
    """Read the reason out of an error's details, as every error of Banyan has one."""
    trailers = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return f"{error.code().name} {info.reason}"
    return error.code().name


if __name__ == "__main__":
    main()
