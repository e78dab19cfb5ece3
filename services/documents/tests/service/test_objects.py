"""Files lie in NATS, in a folder or in an S3 bucket, and nobody notices which (PLT-21).

S3 is asked where a server of it can be had: moto, which is imported when it is installed.
"""

import importlib
import importlib.util
import uuid
from collections.abc import Generator

import httpx
import pytest
from nats.js.object_store import ObjectStore

from chassis import errors
from chassis.events import open_objects
from chassis.events.objects import Objects

STORES = ["nats", "folder", *(["s3"] if importlib.util.find_spec("moto") else [])]
SECRETS = {"region": "us-east-1", "access_key_id": "somebody", "secret_access_key": "a secret\n"}


@pytest.fixture(scope="module", params=STORES)
def objects(request, world, tmp_path_factory) -> Generator[Objects]:
    broker, secrets = world.host.brokers["documents"], tmp_path_factory.mktemp("secrets")
    if request.param == "nats":
        yield open_objects(broker, "", secrets)
    elif request.param == "folder":
        yield open_objects(broker, tmp_path_factory.mktemp("files").as_uri(), secrets)
    else:
        server = importlib.import_module("moto.server").ThreadedMotoServer(port=0)
        server.start()
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        for name, value in {**SECRETS, "endpoint": endpoint}.items():
            (secrets / name).write_text(value)
        httpx.put(f"{endpoint}/files").raise_for_status()
        yield open_objects(broker, "s3://files", secrets)
        server.stop()


@pytest.mark.parametrize("size", [1, 128 * 1024, 4 * 1024**2], ids=["byte", "chunk", "part"])
async def test_what_is_written_is_read(objects, size):
    name, data = f"{uuid.uuid4()}/{uuid.uuid4()}/1", bytes(range(256)) * (size // 256 + 1)
    await objects.put(name, data[:size])
    assert await objects.get(name) == data[:size]
    await objects.put(name, data[:size])  # whoever could not hear the answer writes it again
    assert await objects.get(name) == data[:size]


async def test_what_is_removed_is_gone_and_may_be_removed_again(objects):
    name, neighbour = f"{uuid.uuid4()}/1", f"{uuid.uuid4()}/1"
    await objects.put(name, b"a")
    await objects.put(neighbour, b"b")
    for _ in range(2):
        await objects.delete(name)
        with pytest.raises(errors.NotFound) as caught:
            await objects.get(name)
        assert caught.value.reason == "CONTENT_NOT_FOUND"
    assert await objects.get(neighbour) == b"b"


async def test_a_bucket_that_does_not_answer_is_unavailable(world, tmp_path):
    for name, value in {**SECRETS, "endpoint": "http://127.0.0.1:9"}.items():
        (tmp_path / name).write_text(value)
    nowhere = open_objects(world.host.brokers["documents"], "s3://files", tmp_path)
    for attempt in (nowhere.get("a"), nowhere.put("a", b"a"), nowhere.delete("a")):
        with pytest.raises(errors.Unavailable) as caught:
            await attempt
        assert caught.value.reason == "SERVICE_UNAVAILABLE"


async def test_a_file_of_which_only_a_part_came_is_not_taken_for_whole(
    world, tmp_path, monkeypatch
):
    """The client of NATS gives what it has when the connection ends."""
    objects = open_objects(world.host.brokers["documents"], "", tmp_path)
    name = f"{uuid.uuid4()}/1"
    await objects.put(name, b"abc")
    original = ObjectStore.get

    async def cut_short(self, name, *args, **kwargs):
        found = await original(self, name, *args, **kwargs)
        found.data = found.data[:-1]
        return found

    monkeypatch.setattr(ObjectStore, "get", cut_short)
    with pytest.raises(errors.Unavailable):
        await objects.get(name)
