"""A web configuration file: its YAML, its certificates, its users."""

from collections.abc import Iterator
from pathlib import Path

import trustme

from catalog import yamlfile
from exporter.web.door import config, lock
from tests.fuzz.target import Target, refusal_allowed, text


def one(data: bytes) -> None:
    """A lock, or one error of ours."""
    with refusal_allowed():
        for document in yamlfile.parse(text(data), "web.yml"):
            lock.ready(config.read(document))


def seeds() -> Iterator[bytes]:
    """The documented example, its parts, and certificates in the file itself."""
    guide = Path(__file__).parents[3] / "docs" / "security.md"
    yield guide.read_bytes().split(b"```yaml\n")[1].split(b"```")[0]
    ca = trustme.CA()
    issued = ca.issue_cert("localhost")
    pems = (*issued.cert_chain_pems[:1], issued.private_key_pem, ca.cert_pem)
    names = ("cert", "key", "client_ca")
    yield (
        b"tls_server_config:\n"
        + b"".join(
            f"  {name}: |\n".encode()
            + b"".join(b"    " + line + b"\n" for line in pem.bytes().splitlines())
            for name, pem in zip(names, pems, strict=True)
        )
        + b"  client_auth_type: RequireAndVerifyClientCert\n"
    )
    yield b"tls_server_config: {cert_file: a, key_file: b, cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12}"
    yield b"basic_auth_users: {a: $2b$04$abcdefghijklmnopqrstuuZt7eWZt7eWZt7eWZt7eWZt7eWZt7e1a}"
    yield b"http_server_config: {http2: true, headers: {X-Frame-Options: deny, X-XSS-Protection: '1'}}"
    yield b"rate_limit: {interval: 1s, burst: 2}"


TARGET = Target(name="web_config", one=one, seeds=seeds, share=40, longest=8192)
