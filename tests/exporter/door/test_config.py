"""What a web configuration may say, and how it is told what is wrong with it."""

import contextlib
from pathlib import Path

import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import yamlfile
from catalog.errors import ConfigError
from exporter.web.door import config, lock
from exporter.web.door.config import WebConfig
from exporter.web.door.tls_section import ClientAuth
from tests.exporter.door.house import Authority

HASH = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()
PAIR = "cert_file: server.pem, key_file: server.key"


def read(text: str) -> WebConfig:
    (document,) = yamlfile.parse(text, "web.yml")
    return config.read(document)


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def test_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    """As exporter-toolkit has it."""
    (tmp_path / "web.yml").touch()

    assert config.load(tmp_path / "web.yml") == WebConfig()


def test_everything_that_we_honour() -> None:
    """Each key of the format that means something here."""
    found = read(f"""
tls_server_config:
  cert_file: server.pem
  key_file: /keys/server.key
  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]
  prefer_server_cipher_suites: false
http_server_config:
  http2: false
  headers: {{X-Frame-Options: sameorigin}}
basic_auth_users:
  prometheus: {HASH}
""")

    assert found.tls is not None
    assert found.tls.files == (Path("server.pem"), Path("/keys/server.key"), Path("ca.pem"))
    assert found.tls.client_auth is ClientAuth.REQUIRED
    assert found.tls.client_names == {"prometheus"}
    assert found.tls.ciphers == ("ECDHE-RSA-AES256-GCM-SHA384",)
    assert found.headers == {"X-Frame-Options": "sameorigin"}
    assert found.users == {"prometheus": HASH.encode()}


def test_relative_files_lie_beside_the_configuration(tmp_path: Path) -> None:
    """Wherever the exporter was started."""
    (tmp_path / "web.yml").write_text(f"tls_server_config: {{{PAIR}}}")

    found = config.load(tmp_path / "web.yml")

    assert found.tls is not None
    assert found.tls.files == (tmp_path / "server.pem", tmp_path / "server.key")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- x", "web.yml:1: expected a mapping with tls_server_config,"),
        ("\nbasic_auth_user: {}", "web.yml:2: unknown key 'basic_auth_user'; did you mean 'basic_auth_users'?"),
        ("tls_server_config:\n  cert_fil: x", "web.yml:2: unknown key 'cert_fil'; did you mean 'cert_file'?"),
        ("tls_server_config: 5", "web.yml:1: expected a mapping"),
        ("tls_server_config: {cert_file: x}", "web.yml:1: the key 'key_file' is missing"),
        (f"tls_server_config: {{{PAIR}, cert: x}}", "cert: cert_file names one too"),
        (f"tls_server_config:\n  {{{PAIR},\n  min_version: TLS11}}", "web.yml:3: min_version: TLS11 is broken"),
        (f"tls_server_config: {{{PAIR}, min_version: TLS14}}", "did you mean 'TLS1"),
        (f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}", "older than min_version"),
        (f"tls_server_config: {{{PAIR}, cipher_suites: [RC4]}}", "unknown cipher suite 'RC4'"),
        (f"tls_server_config: {{{PAIR}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}", "none is of TLS 1.2"),
        (f"tls_server_config: {{{PAIR}, curve_preferences: [X25519]}}", "curve_preferences: not supported"),
        (f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}", "is not supported"),
        (f"tls_server_config: {{{PAIR}, client_auth_type: Verify}}", "unknown client_auth_type 'Verify'"),
        (f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert}}", "needs client_ca_file"),
        (f"tls_server_config: {{{PAIR}, client_ca_file: x}}", "no certificate is asked for"),
        (f"tls_server_config: {{{PAIR}, client_allowed_sans: [x]}}", "client_allowed_sans: it needs"),
        ("http_server_config: {headers: {X-Frame-Option: deny}}", "did you mean 'X-Frame-Options'?"),
        ("http_server_config: {headers: {X-Frame-Options: no}}", "takes deny or sameorigin, not 'no'"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}', "must be one line"),
        ("rate_limit: {interval: 1s, burst: 20}", "web.yml:1: rate_limit: not supported"),
        ("basic_auth_users: [x]", "web.yml:1: basic_auth_users: expected user names"),
        ("basic_auth_users:\n  alice: secret", "web.yml:2: basic_auth_users: 'alice' has no bcrypt hash"),
        (f"basic_auth_users: {{alice: {HASH[:28]}A{HASH[29:]}}}", "'alice' has no bcrypt hash"),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "has no colon"),
        (f"basic_auth_users: {{a: {HASH.replace('$04$', '$30$')}}}", "has cost 30; use 4 to 18"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    """In one line, with what to mend."""
    said = complaint(text)

    assert told in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "text",
    [
        "- {it}",
        "tls_server_config: {{key: [{it}]}}",
        "tls_server_config: {{key: {{{it}: x}}}}",
        "basic_auth_users: {{alice: {it}}}",
        "basic_auth_users: {{alice: [{it}]}}",
        "basic_auth_users: [{it}]",
        "basic_auth_users: {it}",
        "tls_server_config: {{cert: x, cert_file: y, key: {it}}}",
        "{it}",
    ],
)
def test_complaints_show_no_secret(text: str) -> None:
    """Whatever is wrong around it."""
    assert "hunter2" not in complaint(text.format(it="hunter2"))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"server.pem": None}, "server.pem cannot be read: No such file or directory"),
        ({"server.pem": "folder"}, "server.pem is a folder"),
        ({"server.pem": b"junk"}, "server.pem holds no certificate in PEM form"),
        ({"server.pem": b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"}, "is damaged"),
        ({"server.pem": b"x" * 2_000_000}, "server.pem is larger than 1 MiB"),
        ({"server.key": b"junk"}, "server.key holds no private key in PEM form"),
        ({"server.key": b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"}, "server.key is encrypted"),
        ({"server.key": b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"}, "cannot be used"),
        ({"ca.pem": b"junk"}, "ca.pem holds no certificate in PEM form"),
    ],
    ids=str,
)  # fmt: skip
def test_certificates_that_cannot_be_used(
    tmp_path: Path, authority: Authority, broken: dict[str, bytes | str | None], told: str
) -> None:
    """The line that names the file, the file, and what is wrong with it."""
    file = authority.folder / "web.yml"
    file.write_text(
        f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven}}"
    )
    for name, content in broken.items():
        (tmp_path / name).unlink()
        if content == "folder":
            (tmp_path / name).mkdir()
        elif isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        lock.check(str(file))

    assert str(caught.value).startswith(f"{file}:1: ")
    assert told in str(caught.value)


def test_key_of_another_certificate(tmp_path: Path, authority: Authority) -> None:
    """A pair that is none is told as such."""
    key = (tmp_path / "server.key").read_bytes()
    authority.server()
    (tmp_path / "server.key").write_bytes(key)
    (tmp_path / "web.yml").write_text(f"tls_server_config: {{{PAIR}}}")

    with pytest.raises(ConfigError, match="is not the key of the certificate"):
        lock.check(str(tmp_path / "web.yml"))


WORDS = st.sampled_from(
    [
        "tls_server_config",
        "http_server_config",
        "basic_auth_users",
        "rate_limit",
        "cert",
        "key",
        "client_ca",
        "cert_file",
        "key_file",
        "client_ca_file",
        "client_auth_type",
        "client_allowed_sans",
        "min_version",
        "max_version",
        "cipher_suites",
        "prefer_server_cipher_suites",
        "curve_preferences",
        "http2",
        "headers",
        "X-Frame-Options",
        "TLS12",
        "TLS13",
        "RequireAndVerifyClientCert",
        "TLS_AES_128_GCM_SHA256",
        "/dev/null",
        "/",
        ".",
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS | st.just(HASH)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_is_written_is_read_or_refused(written: object) -> None:
    """Any YAML is a configuration or a ConfigError."""
    with contextlib.suppress(ConfigError):
        read(yamlfile.dump(written))


@given(st.binary(max_size=200) | st.text().map(lambda text: text.encode(errors="ignore")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Any bytes, too, as configuration and as certificate."""
    (tmp_path / "web.yml").write_bytes(content)
    (tmp_path / "pem").write_bytes(b"-----BEGIN CERTIFICATE-----" + content)
    (tmp_path / "tls.yml").write_text("tls_server_config: {cert_file: pem, key_file: pem}")

    for file in ("web.yml", "tls.yml"):
        with contextlib.suppress(ConfigError):
            lock.check(str(tmp_path / file))


@given(st.text() | st.text().map(lambda text: f"$2b$04${text}"))
def test_only_bcrypt_hashes_are_taken(text: str) -> None:
    """What is taken as a hash can be checked against."""
    with contextlib.suppress(ConfigError):
        for hashed in read(yamlfile.dump({"basic_auth_users": {"a": text}})).users.values():
            assert not bcrypt.checkpw(b"", hashed)
