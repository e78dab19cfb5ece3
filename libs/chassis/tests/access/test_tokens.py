"""Tokens say who, only those who may sign for it can say it, and only for a while."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis import errors
from chassis.access import Claims, KeyRing, TokenReader, new_key_pair
from chassis.access.tokens import AUDIENCE, TOKEN_BYTES_MAX

PERSON = Claims(tenant_id="t", user_id="u", session_id="s", permission_version=7)


class Clock:
    """The process's own clock, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr("chassis.access.tokens.time.monotonic", made)
    return made


@pytest.fixture
def folder(tmp_path):
    new_key_pair("identity", tmp_path)
    new_key_pair("party", tmp_path)
    return tmp_path


@pytest.fixture
def keys(folder):
    return KeyRing(folder)


@pytest.fixture
def reader(keys):
    return TokenReader(keys)


def refused(reader, token, reason="TOKEN_INVALID"):
    for _ in range(2):  # a refusal is not remembered as anything else
        with pytest.raises(errors.Unauthenticated) as caught:
            reader.read(token)
        assert caught.value.reason == reason


def private_of(folder, issuer):
    file = next(f for f in folder.glob(f"{issuer}-*.pem") if ".pub." not in f.name)
    return file.stem, serialization.load_pem_private_key(file.read_bytes(), None)


def signed(folder, issuer, kid="", algorithm="EdDSA", **payload):
    found, key = private_of(folder, issuer)
    body = {"aud": AUDIENCE, "exp": int(time.time()) + 600, **payload}
    used = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(used, key, algorithm, headers={"kid": kid or found})


def test_what_was_signed_is_read(keys, reader):
    found = reader.read(keys.sign("identity", PERSON))
    assert (found.tenant_id, found.user_id, found.session_id) == ("t", "u", "s")
    assert found.permission_version == 7
    assert 0 < found.expires - time.time() <= 600


def test_a_service_signs_for_itself(keys, reader):
    claims = Claims(tenant_id="t", service="party", on_behalf_of="u")
    found = reader.read(keys.sign("party", claims))
    assert (found.service, found.user_id, found.on_behalf_of) == ("party", "", "u")


@pytest.mark.parametrize(
    "payload",
    [
        {"sub": "u"},
        {"sub": "u", "svc": "party"},
        {"sub": "u", "svc": "identity"},
        {"svc": "identity"},
        {"svc": "sales"},
        {},
    ],
    ids=str,
)
def test_a_services_key_signs_for_that_service_alone(folder, reader, payload):
    refused(reader, signed(folder, "party", tid="t", **payload))


@pytest.mark.parametrize(
    "payload", [{"svc": "party"}, {"sub": "u", "svc": "party"}, {"sub": "u", "svc": "identity"}, {}]
)
def test_identitys_key_signs_for_people_and_for_itself_alone(folder, reader, payload):
    refused(reader, signed(folder, "identity", tid="t", **payload))


def test_a_key_cannot_pass_for_another(folder, reader):
    """The kid says identity, the signature is party's."""
    kid, _ = private_of(folder, "identity")
    refused(reader, signed(folder, "party", kid=kid, sub="u", tid="t"))


def test_a_service_whose_name_begins_like_another_is_not_that_other(tmp_path):
    new_key_pair("identity-mirror", tmp_path)
    reader = TokenReader(KeyRing(tmp_path))
    refused(reader, signed(tmp_path, "identity-mirror", sub="u", tid="t"))
    with pytest.raises(errors.Unavailable):
        KeyRing(tmp_path).sign("identity", PERSON)


def test_an_expired_token_is_refused(keys, reader):
    refused(reader, keys.sign("identity", PERSON, lifetime=-60), "TOKEN_EXPIRED")


def test_a_token_seen_before_is_refused_once_it_expires(keys, reader, monkeypatch):
    token = keys.sign("identity", PERSON)
    assert reader.read(token) is reader.read(token)
    later = time.time() + 601
    monkeypatch.setattr("chassis.access.tokens.time.time", lambda: later)
    refused(reader, token, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    "payload", [{"exp": None}, {"aud": None}, {"aud": "somebody"}, {"aud": ["x"]}, {"exp": "soon"}]
)
def test_a_token_for_somebody_else_or_for_ever_is_refused(folder, reader, payload):
    refused(reader, signed(folder, "identity", sub="u", tid="t", **payload))


def test_a_tampered_token_is_refused_at_every_place(keys, reader):
    token = keys.sign("identity", PERSON)
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        refused(reader, token[:place] + other + token[place + 1 :])
    assert reader.read(token).user_id == "u"


def encode(part) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_a_payload_swapped_under_a_good_signature_is_refused(keys, reader):
    head, body, signature = keys.sign("identity", PERSON).split(".")
    padded = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    payload = {**json.loads(padded), "sub": "somebody else"}
    refused(reader, f"{head}.{encode(payload)}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS256", "EdDSA"])
def test_a_token_nobody_signed_is_refused(folder, reader, algorithm):
    kid, _ = private_of(folder, "identity")
    payload = {"aud": AUDIENCE, "exp": int(time.time()) + 60, "sub": "u", "tid": "t"}
    refused(reader, f"{encode({'alg': algorithm, 'kid': kid})}.{encode(payload)}.")


def test_the_public_key_is_no_secret_to_sign_with(folder, reader):
    """HS256 with the public key as the secret: the reader takes no other algorithm."""
    kid, _ = private_of(folder, "identity")
    secret = (folder / f"{kid}.pub.pem").read_bytes()
    body = f"{encode({'alg': 'HS256', 'kid': kid})}.{encode({'sub': 'u', 'aud': AUDIENCE})}"
    import hashlib
    import hmac

    mac = base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), hashlib.sha256))
    refused(reader, f"{body}.{mac.decode().rstrip('=')}")


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "x" * 500, "\0", "héé", "\ud800", "Bearer x", "a.b.c.d"]
)
def test_garbage_is_refused(reader, token):
    refused(reader, token)


@pytest.mark.parametrize("kid", [None, "", 7, ["identity"], "../identity", "identity-", "*"])
def test_a_kid_that_is_no_kid_is_refused(folder, reader, kid):
    _, key = private_of(folder, "identity")
    payload = {"aud": AUDIENCE, "exp": int(time.time()) + 60, "sub": "u", "tid": "t"}
    head = {"alg": "EdDSA", "kid": kid}
    body = f"{encode(head)}.{encode(payload)}"
    signature = base64.urlsafe_b64encode(key.sign(body.encode())).decode().rstrip("=")
    refused(reader, f"{body}.{signature}")


def test_a_token_above_one_kilobyte_is_refused_though_well_signed(folder, reader):
    good = signed(folder, "identity", sub="u", tid="t")
    long = signed(folder, "identity", sub="u", tid="t", more="x" * TOKEN_BYTES_MAX)
    assert len(good) <= TOKEN_BYTES_MAX < len(long)
    assert reader.read(good).user_id == "u"
    refused(reader, long)


def test_a_token_of_ordinary_ids_fits_in_one_kilobyte(keys):
    full = Claims("t" * 36, "u" * 36, "s" * 36, 10**12, on_behalf_of="o" * 36)
    assert len(keys.sign("identity", full)) < TOKEN_BYTES_MAX


def test_a_new_key_in_the_folder_is_found(folder, reader, keys, clock):
    assert reader.read(keys.sign("identity", PERSON)).user_id == "u"
    clock.now += 2
    new_key_pair("identity", folder)
    rotated = KeyRing(folder).sign("identity", PERSON)
    assert jwt.get_unverified_header(rotated)["kid"] not in keys._public
    assert reader.read(rotated).user_id == "u"


def test_the_newest_key_signs(folder):
    newest = new_key_pair("identity", folder)
    token = KeyRing(folder).sign("identity", PERSON)
    assert jwt.get_unverified_header(token)["kid"] == newest


def test_tokens_of_the_old_key_are_read_while_it_is_in_the_folder(folder, reader, keys):
    old = keys.sign("identity", PERSON)
    new_key_pair("identity", folder)
    assert reader.read(old).user_id == "u"
    assert len(keys.public_keys()) == 3


def test_unknown_kids_do_not_make_it_look_more_than_once_a_second(folder, keys, clock, monkeypatch):
    looked = []
    load = KeyRing._load
    monkeypatch.setattr(KeyRing, "_load", lambda self: (looked.append(1), load(self)))
    for _ in range(50):
        assert keys.public("nobody-1") is None
    assert len(looked) == 1
    clock.now += 1.5
    keys.public("nobody-1")
    assert len(looked) == 2


def test_without_a_private_key_nothing_is_signed(folder, tmp_path_factory):
    public_only = tmp_path_factory.mktemp("public")
    for file in folder.glob("*.pub.pem"):
        (public_only / file.name).write_bytes(file.read_bytes())
    with pytest.raises(errors.Unavailable) as caught:
        KeyRing(public_only).sign("identity", PERSON)
    assert caught.value.reason == "NO_SIGNING_KEY"
    token = KeyRing(folder).sign("identity", PERSON)
    assert TokenReader(KeyRing(public_only)).read(token).user_id == "u"


def test_private_keys_are_readable_by_their_owner_alone(folder):
    modes = {
        f.name: f.stat().st_mode & 0o777 for f in folder.glob("*.pem") if ".pub." not in f.name
    }
    assert len(modes) == 2
    assert set(modes.values()) == {0o600}


def test_a_key_that_is_not_in_the_folder_signs_nothing(reader):
    stranger = Ed25519PrivateKey.generate()
    payload = {"aud": AUDIENCE, "exp": int(time.time()) + 60, "sub": "u", "tid": "t"}
    refused(reader, jwt.encode(payload, stranger, "EdDSA", headers={"kid": "identity-1"}))
