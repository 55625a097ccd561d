"""Where alerts go: what cannot be used is said when the exporter starts."""

from pathlib import Path

import pytest

from catalog.errors import ConfigError
from exporter.alerting.settings import settings
from exporter.config import Config


def test_nobody_is_told_by_default() -> None:
    """An exporter without an Alertmanager sends nothing anywhere."""
    assert settings(Config()).urls == ()


def test_an_alert_is_sent_ten_times_before_it_lapses() -> None:
    """One lost sending ends no alert; 30 s are often enough."""
    assert settings(Config()).again == 30
    assert settings(Config(alertmanager_hold_seconds=20)).again == 2


NOWHERE = "/none"


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (Config(alertmanager_urls=("alertmanager:9093",)), "is no address such as http://alert"),
        (Config(alertmanager_urls=("http://a:b",)), "'http://a:b' is no address: Port could"),
        (Config(alertmanager_urls=("http://u:p@a",)), "name the user in alertmanager_user (a)"),
        (Config(alertmanager_external_labels=("cluster",)), "write it as cluster=prod"),
        (Config(alertmanager_external_labels=("a-b=c",)), "'a-b=c' is no label"),
        (Config(alertmanager_user="u"), "belong together"),
        (Config(alertmanager_token_file=NOWHERE), "/none cannot be read: No such file"),
        (Config(alertmanager_certificate="/c"), "belong together"),
        (Config(alertmanager_ca="/none"), "cannot be used: [Errno 2]"),
    ],
)
def test_a_mistake_is_told(config: Config, complaint: str) -> None:
    """What, and how to write it."""
    with pytest.raises(ConfigError) as caught:
        settings(config)

    assert complaint in str(caught.value)


def test_one_secret_is_enough(tmp_path: Path) -> None:
    """A token and a password would be two answers to one question."""
    file = tmp_path / "secret"
    file.write_text("x\n")
    both = Config(
        alertmanager_user="u",
        alertmanager_password_file=str(file),
        alertmanager_token_file=str(file),
    )

    with pytest.raises(ConfigError, match="choose one"):
        settings(both)
