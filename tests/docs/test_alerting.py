"""The examples of docs/alerting.md are what it says they are."""

import re
from dataclasses import asdict
from pathlib import Path

from alerts.alertmanager import settings
from alerts.links import Links
from catalog.yamlfile import parse
from exporter.alerting.settings import settings as settings_of
from exporter.config import load

PAGE = Path(__file__).parents[2] / "docs" / "alerting.md"


def test_the_example_of_who_is_told_is_read() -> None:
    """The file in the docs can be copied."""
    (example,) = re.findall(r"```yaml\n(page:.*?)```", PAGE.read_text(), re.DOTALL)

    found = settings.read(parse(example, "who.yml")[0])

    assert found.teams[0].namespaces == ("ml-train", "ml-serve")
    assert {one.kind.section for one in found.ticket} == {"slack_configs", "email_configs"}


def test_the_defaults_of_links_are_told() -> None:
    """The table names each setting with what it is if nobody sets it; the address for Grafana is understood."""
    text = PAGE.read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+_url)`.*`(http\S+)` \|$", text, re.MULTILINE))
    (grafana,) = re.findall(r"--dashboard-url '(\S+)'", text)

    assert told == asdict(Links())
    assert Links(dashboard_url=grafana).dashboard_url == grafana


def test_the_example_of_the_exporters_settings_is_read() -> None:
    """Both Alertmanagers are told, under the label that Prometheus adds."""
    (example,) = re.findall(r"```yaml\n(alertmanager_urls:.*?)```", PAGE.read_text(), re.DOTALL)

    found = settings_of(load({}, {}, parse(example, "gv.yaml")[0]))

    assert found.urls == ("http://alertmanager-0:9093", "http://alertmanager-1:9093")
    assert dict(found.external) == {"cluster": "prod"}
