"""Passwords, and what every answer carries."""

import asyncio
import gzip
import json
import logging
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.exporter.door.house import PASSWORD, hashed, house

HASH = hashed(PASSWORD)
USERS = f"basic_auth_users: {{prometheus: '{HASH}'}}"


async def test_right_password_comes_in(tmp_path: Path) -> None:
    """Whoever knows the password is answered."""
    async with house(tmp_path, USERS) as served:
        assert await served.get(user="prometheus") == (200, "come in")


@pytest.mark.parametrize("user", ["prometheus", "mallory"])
async def test_wrong_password_and_unknown_user_look_alike(tmp_path: Path, user: str) -> None:
    """Both get the same 401."""
    async with house(tmp_path, USERS) as served:
        status, body = await served.get(user=user, password="guess")  # noqa: S106 - wrong on purpose

        assert (status, json.loads(body)) == (401, {"error": "wrong user name or password"})
        assert served.denied("wrong_credentials") == 1


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic !", "Basic eDp5", "Bearer x", "Basic /w=="]
)
async def test_challenge(tmp_path: Path, authorization: str) -> None:
    """Without usable credentials the answer says which are wanted."""
    headers = {"Authorization": authorization} if authorization else {}
    async with (
        house(tmp_path, USERS) as served,
        ClientSession(headers=headers) as client,
        client.get(f"http://127.0.0.1:{served.port}/nowhere") as answer,
    ):
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="gpuvitals", charset="UTF-8"'
        assert "error" in await answer.json()


async def test_queue_of_passwords_is_bounded(tmp_path: Path) -> None:
    """Guesses beyond it get 503, and whoever was known before is served."""
    async with house(tmp_path, USERS) as served:
        await served.get(user="prometheus")
        served.doorway.door.look().users._pending = dict.fromkeys(  # type: ignore[assignment] # only their number counts
            map(str.encode, map(str, range(1000)))
        )

        assert (await served.get(user="mallory"))[0] == 503
        assert (await served.get(user="prometheus"))[0] == 200
        assert served.denied("busy") == 1


async def test_our_own_mistakes_keep_their_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are no denied request."""
    async with house(tmp_path) as served:
        assert (await served.get("/mistake"))[0] == 500

        assert served.denied("malformed") == 0
    assert "ZeroDivisionError" in caplog.text


async def test_liveness_needs_no_password(tmp_path: Path) -> None:
    """The kubelet has none."""
    async with house(tmp_path, USERS) as served:
        assert (await served.get("/healthz"))[0] == 200
        assert (await served.get("/healthz/"))[0] == 401


async def test_denied_requests_are_written_down(tmp_path: Path) -> None:
    """With who, what and why; a name that is nobody's may be a mistyped password and is left out."""
    async with house(tmp_path, USERS) as served:
        await served.get("/?token=secret", user="prometheus", password="guess")  # noqa: S106 - wrong on purpose
        await served.get(user="hunter2")

        known, unknown = served.audit()
    assert known == {
        "time": "2027-01-15T08:00:00.000+00:00",
        "who": "prometheus@127.0.0.1",
        "what": "request",
        "outcome": "refused",
        "reason": "wrong_credentials",
        "method": "GET",
        "path": "/",
    }
    assert unknown["who"] == "127.0.0.1"


async def test_secrets_are_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither password nor hash is in logs or in the audit log, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    async with house(tmp_path, USERS) as served:
        await served.get(user="prometheus")
        await served.get(user="prometheus", password="hunter2")  # noqa: S106 - looked for below
        (tmp_path / "web.yml").write_text(f"basic_auth_users: {{prometheus: '{HASH} '}}")
        await served.get(user="prometheus")

        told = caplog.text + json.dumps(served.audit()) + repr(served.doorway)
        assert served.reloads("failure") == 1
    for secret in (PASSWORD, "hunter2", HASH):
        assert secret not in told


async def test_changed_password_holds_at_once(tmp_path: Path) -> None:
    """The old one is refused with the next request."""
    async with house(tmp_path, USERS) as served:
        assert (await served.get(user="prometheus"))[0] == 200
        (tmp_path / "web.yml").write_text(f"basic_auth_users: {{prometheus: '{hashed('new')}'}}")

        assert (await served.get(user="prometheus"))[0] == 401
        assert (await served.get(user="prometheus", password="new"))[0] == 200  # noqa: S106


async def test_every_answer_has_security_headers(tmp_path: Path) -> None:
    """Errors, too; the operator's own win, and a blank one removes ours."""
    config = "http_server_config: {headers: {Strict-Transport-Security: max-age=9, X-Frame-Options: ''}}"
    async with house(tmp_path, config) as served, ClientSession() as client:
        for path in ("/", "/nowhere"):
            async with client.get(f"http://127.0.0.1:{served.port}{path}") as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Strict-Transport-Security"] == "max-age=9"
                assert "X-Frame-Options" not in answer.headers
                assert answer.headers["Server"] == "gpuvitals"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://elsewhere"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://{host}"}, 200),
        ({"Origin": "https://elsewhere"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
async def test_pages_of_other_sites_change_nothing(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    """A browser sends what they ask for with its password; programs do not say where they come from."""
    async with house(tmp_path) as served, ClientSession() as client:
        host = f"127.0.0.1:{served.port}"
        sent = {name: value.format(host=host) for name, value in headers.items()}
        async with client.post(f"http://{host}/", data="x", headers=sent) as answer:
            assert answer.status == status

        assert served.denied("cross_origin") == (status == 403)


async def test_pages_of_other_sites_may_look(tmp_path: Path) -> None:
    """A link from elsewhere works, and the browser shows no script what is there."""
    async with (
        house(tmp_path) as served,
        ClientSession(headers={"Sec-Fetch-Site": "cross-site", "Origin": "http://x"}) as client,
        client.get(f"http://127.0.0.1:{served.port}/") as answer,
    ):
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\xff\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_like_everything_else(
    tmp_path: Path, request_: bytes
) -> None:
    """JSON, our headers, nothing of the library below; counted, and in the audit log without what was sent."""
    config = "http_server_config: {headers: {Strict-Transport-Security: max-age=9}}"
    async with house(tmp_path, config) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(request_)
        answer = (await reader.read()).decode()
        writer.close()

        head, _, body = answer.partition("\r\n\r\n")
        assert " 400 " in head
        assert "Server: gpuvitals" in head
        assert "X-Content-Type-Options: nosniff" in head
        assert "Strict-Transport-Security: max-age=9" in head
        assert "aiohttp" not in answer
        assert json.loads(body)["error"]
        assert served.denied("malformed") == 1
        assert served.audit()[0]["reason"] == "malformed"


async def test_bodies_are_not_unfolded(tmp_path: Path) -> None:
    """A small body stays small, whatever it says that it is."""
    async with (
        house(tmp_path) as served,
        ClientSession() as client,
        client.post(
            f"http://127.0.0.1:{served.port}/",
            data=gzip.compress(bytes(10_000)),
            headers={"Content-Encoding": "gzip"},
        ) as answer,
    ):
        assert (answer.status, len(await answer.read()) < 100) == (200, True)


async def test_http2_is_said_to_be_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that asks for it works, with a note in the log."""
    async with house(tmp_path, "http_server_config: {http2: true}") as served:
        assert (await served.get())[0] == 200

    assert "web_config.no_http2" in caplog.text
