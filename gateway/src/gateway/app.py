"""The HTTP application: the contract under /v1, and what operations ask beside it."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Message, Receive, Scope, Send

from chassis.rpc import Channels
from chassis.telemetry import METRICS
from gateway.openapi import document
from gateway.routes import Routes
from gateway.transcoding import SAFE_HEADERS, Transcoder


class Door:
    """Sends the contract's paths and all unknown ones to the transcoder, the rest to FastAPI."""

    def __init__(self, app: FastAPI, transcoder: Transcoder, own: set[str]) -> None:
        self._app = app
        self._transcoder = transcoder
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        own = scope["path"] in self._own and scope["method"] in ("GET", "HEAD")
        if not own:
            await self._transcoder(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SAFE_HEADERS]
            await send(message)

        await self._app(scope, receive, send_safely)


def build_app(channels: Channels, *, ready: Callable[[], Awaitable[dict[str, bool]]]) -> Door:
    """Give the ASGI application.

    Args:
        ready: names each part of this process and whether it is well.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    routes = Routes()
    contract = document(routes)

    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    async def readyz(response: Response) -> dict[str, bool]:
        checks = await ready()
        response.status_code = 200 if all(checks.values()) else 503
        return checks

    async def openapi() -> Response:
        return Response(contract, media_type="application/json")

    async def metrics() -> Response:
        return Response(generate_latest(METRICS.registry), media_type=CONTENT_TYPE_LATEST)

    own = {"/healthz": healthz, "/readyz": readyz, "/openapi.json": openapi, "/metrics": metrics}
    for path, endpoint in own.items():
        app.add_api_route(path, endpoint, methods=["GET", "HEAD"], response_model=None)
    return Door(app, Transcoder(channels, routes), set(own))
