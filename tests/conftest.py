"""What all tests share: golden files, real servers, a real browser."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more of the machine than of the code; speed lives in `make bench`. CI tries the same examples
# for the same code each time: what fails there can be repeated. Elsewhere, and in `make fuzz`, they are others each time.
settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.register_profile("thorough", settings.get_profile("untimed"), max_examples=10_000)
settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need a GPU run when they are asked for."""
    if "gpu" in config.getoption("-m"):
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="needs a GPU: pytest -m gpu"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with a file under tests/golden, or rewrite that file."""

    def check(name: str, actual: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(actual)
        assert actual == path.read_text()

    return check


def missing(name: str) -> None:
    """Fail or skip for want of what tools/install NAME brings."""
    reason = f"{name} is missing: tools/install {name}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """The path of a program that tools/install brought; without it the test fails on CI and is skipped elsewhere."""

    def find(name: str) -> Path:
        found = ROOT / ".tools" / "bin" / name
        if not found.exists():
            missing(name)
        return found

    return find


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real browser."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        missing("chromium")
    return str(found)
