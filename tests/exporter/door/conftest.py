"""What the tests of the door share."""

from pathlib import Path

import pytest
import trustme

from tests.exporter.door.house import Authority


@pytest.fixture(scope="session")
def other_ca() -> trustme.CA:
    """An authority that no server trusts."""
    return trustme.CA()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority, whose server.pem, server.key and ca.pem lie beside the web configuration."""
    made = Authority(tmp_path, trustme.CA())
    made.server()
    return made
