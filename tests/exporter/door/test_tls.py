"""TLS at the door: versions, client certificates, certificates that rotate."""

import asyncio
import shutil
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from tests.exporter.door.house import REFUSED, Authority, House, house, until

TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
MUTUAL = f"{TLS}, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"


def certificate(port: int, context: ssl.SSLContext) -> bytes:
    """What the server shows in a new handshake."""
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


async def shown(served: House, context: ssl.SSLContext) -> bytes:
    return await asyncio.to_thread(certificate, served.port, context)


async def test_answers_are_encrypted(tmp_path: Path, authority: Authority) -> None:
    """A client that trusts our authority is answered over TLS 1.3."""
    async with house(tmp_path, TLS + "}") as served:
        assert await served.get(tls=authority.client()) == (200, "come in")


@pytest.mark.usefixtures("authority")
async def test_plain_http_is_refused(tmp_path: Path) -> None:
    """Where TLS is asked for, nothing is said without it."""
    async with house(tmp_path, TLS + "}") as served:
        with pytest.raises(REFUSED):
            await served.get()

        assert served.denied("handshake") == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_broken_versions_are_refused(
    tmp_path: Path, authority: Authority, version: ssl.TLSVersion
) -> None:
    """TLS 1.0 and 1.1 are not spoken."""
    old = authority.client()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = version, version
    async with house(tmp_path, TLS + "}") as served:
        with pytest.raises(ssl.SSLError):
            await shown(served, old)

        await until(lambda: served.denied("handshake") == 1)


async def test_only_the_newest_version(tmp_path: Path, authority: Authority) -> None:
    """min_version is what it says."""
    old = authority.client()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with house(
        tmp_path, TLS + ", min_version: TLS13, prefer_server_cipher_suites: false}"
    ) as served:
        with pytest.raises(ssl.SSLError):
            await shown(served, old)


async def test_suites_limit_tls12(tmp_path: Path, authority: Authority) -> None:
    """A client that offers other suites of TLS 1.2 than the listed ones is refused."""
    suites = ", cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], max_version: TLS12}"
    right, wrong = authority.client(), authority.client()
    right.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    wrong.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    async with house(tmp_path, TLS + suites) as served:
        assert await shown(served, right)
        with pytest.raises(ssl.SSLError):
            await shown(served, wrong)


@pytest.mark.usefixtures("authority")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")
async def test_nothing_is_negotiated_twice(tmp_path: Path) -> None:
    """A client of TLS 1.2 that asks for another handshake on its connection does not get it."""
    async with house(tmp_path, TLS + "}") as served:
        client = await asyncio.create_subprocess_exec(
            *("openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{served.port}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await client.communicate(b"R\n")  # openssl's word for: again

    assert b"RENEGOTIATING" in told
    assert b"no renegotiation" in told


async def test_our_client_comes_in(tmp_path: Path, authority: Authority) -> None:
    """A client whose certificate our authority signed is answered."""
    async with house(tmp_path, MUTUAL + "}") as served:
        assert await served.get(tls=authority.client("prometheus")) == (200, "come in")


async def test_client_without_a_certificate_is_refused(
    tmp_path: Path, authority: Authority
) -> None:
    """It is not answered, counted, and written down with its address."""
    async with house(tmp_path, MUTUAL + "}") as served:
        with pytest.raises(REFUSED):
            await served.get(tls=authority.client())
        await until(lambda: served.denied("handshake") == 1)

        (line,) = served.audit()
    assert line["who"] == "127.0.0.1"
    assert line["outcome"] == "refused"
    assert "did not return a certificate" in line["error"]


async def test_client_of_another_authority_is_refused(
    tmp_path: Path, authority: Authority, other_ca: trustme.CA
) -> None:
    """A certificate that somebody else signed opens nothing."""
    async with house(tmp_path, MUTUAL + "}") as served:
        with pytest.raises(REFUSED):
            await served.get(tls=authority.client("prometheus", ca=other_ca))

        await until(lambda: served.denied("handshake") == 1)


async def test_certificate_if_given(
    tmp_path: Path, authority: Authority, other_ca: trustme.CA
) -> None:
    """VerifyClientCertIfGiven lets in clients without one, and none with a wrong one."""
    config = MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven") + "}"
    async with house(tmp_path, config) as served:
        assert (await served.get(tls=authority.client()))[0] == 200
        with pytest.raises(REFUSED):
            await served.get(tls=authority.client("prometheus", ca=other_ca))


async def test_certificate_must_have_an_allowed_name(tmp_path: Path, authority: Authority) -> None:
    """client_allowed_sans: one alternative name has to be on the list, whatever its kind."""
    config = MUTUAL + ", client_allowed_sans: [prometheus, '2001:db8::1']}"
    async with house(tmp_path, config) as served:
        assert (await served.get(tls=authority.client("prometheus")))[0] == 200
        assert (await served.get(tls=authority.client("2001:db8::1")))[0] == 200
        with pytest.raises(REFUSED):
            await served.get(tls=authority.client("grafana"))

        assert served.denied("certificate_name") == 1
        assert served.audit()[-1]["who"] == "grafana@127.0.0.1"


async def test_new_handshakes_get_the_new_certificate(
    tmp_path: Path, authority: Authority
) -> None:
    """A rotated certificate is shown at once, and connections that are open stay open."""
    trusting = authority.client()
    async with house(tmp_path, TLS + "}") as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, ssl=trusting)
        old = await shown(served, trusting)
        authority.server()
        new = await shown(served, trusting)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

        assert new != old
        assert served.reloads("success") == 1
        assert (await reader.readuntil(b"come in")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_broken_rotation_keeps_the_old_certificate(
    tmp_path: Path, authority: Authority
) -> None:
    """A key of another certificate is refused, told once and not in the way; the whole pair is taken later."""
    trusting = authority.client()
    async with house(tmp_path, TLS + "}") as served:
        old, pem = await shown(served, trusting), (tmp_path / "server.pem").read_bytes()
        authority.server()
        whole = (tmp_path / "server.pem").read_bytes()
        (tmp_path / "server.pem").write_bytes(pem)

        assert await shown(served, trusting) == old
        assert await shown(served, trusting) == old
        assert (served.reloads("failure"), served.reloads("success")) == (1, 0)
        assert "is not the key of the certificate" in served.audit()[-1]["reason"]

        (tmp_path / "server.pem").write_bytes(whole)
        assert await shown(served, trusting) != old
        assert (served.reloads("failure"), served.reloads("success")) == (1, 1)


async def test_files_may_come_later_than_their_names(tmp_path: Path, authority: Authority) -> None:
    """A configuration that names files which are not there yet is taken once they are."""
    trusting = authority.client()
    async with house(tmp_path, TLS + "}") as served:
        old = await shown(served, trusting)
        moved = TLS.replace("server.pem", "new.pem").replace("server.key", "new.key")
        (tmp_path / "web.yml").write_text(moved + "}")
        assert await shown(served, trusting) == old

        authority.server()
        for suffix in ("pem", "key"):
            (tmp_path / f"server.{suffix}").rename(tmp_path / f"new.{suffix}")
        assert await shown(served, trusting) != old
        assert served.reloads("success") == 1


async def test_inline_certificates(tmp_path: Path, authority: Authority) -> None:
    """Certificate and key may be written in the configuration itself."""
    pems = {
        name: "\n".join(f"    {line}" for line in (tmp_path / file).read_text().splitlines())
        for name, file in (("cert", "server.pem"), ("key", "server.key"))
    }
    text = "tls_server_config:\n" + "\n".join(f"  {name}: |\n{pem}" for name, pem in pems.items())
    async with house(tmp_path, text) as served:
        assert await served.get(tls=authority.client()) == (200, "come in")


async def test_lock_does_not_come_off_while_serving(tmp_path: Path, authority: Authority) -> None:
    """A file that is emptied, if only for an instant, opens nothing."""
    async with house(tmp_path, MUTUAL + "}") as served:
        for weaker in ("", TLS + "}"):
            (tmp_path / "web.yml").write_text(weaker)
            with pytest.raises(REFUSED):
                await served.get(tls=authority.client())

        assert served.reloads("failure") == 2
