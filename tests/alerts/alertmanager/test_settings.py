"""The file in which an operator says who is told: a mistake is one line that says where and what to do."""

import pytest

from alerts.alertmanager import settings
from catalog.errors import ConfigError
from catalog.yamlfile import Document, parse


def document(text: str) -> Document:
    return parse(text, "who.yml")[0]


def test_nothing_said_is_a_webhook_for_everyone() -> None:
    """The file may be left out, or name only some of those who are told."""
    found = settings.read(document("page: {slack: {api_url_file: /s, channel: '#gpu'}}"))

    assert [one.kind.section for one in found.page] == ["slack_configs"]
    assert found.ticket == settings.Settings().ticket


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pages: {}", "who.yml:1: there is no 'pages' here; did you mean 'page'?"),
        ("page:\n  pager: {}", "who.yml:2: there is no channel 'pager'"),
        (
            "page:\n  pagerduty:\n    routing_key: abc",
            "who.yml:3: routing_key is a secret; put it into a file of its own and name that with routing_key_file",
        ),
        ("page: {slack: {channel: x}}", "who.yml:1: slack needs api_url_file"),
        ("page: {webhook: {url: x, url_file: y}}", "webhook needs url or url_file"),
        ("teams: {ml: {namespaces: [a]}}", "who.yml:1: say how ml is told: page, ticket or both"),
        (
            "teams:\n  a: {namespaces: [n], page: {webhook: {url: u}}}\n  b: {namespaces: [n], page: {webhook: {url: u}}}",
            "who.yml:3: the namespace n has another team",
        ),
        ("mute: {night: {times: []}}", "severities must be a list of page and ticket"),
        ("mute: {night: {severities: [ticket]}}", "say when: times, weekdays"),
        ("teams: [a]", "a mapping by name is expected"),
        ("- page", "a mapping of page, ticket, watchdog, teams, mute is expected"),
    ],
)
def test_a_mistake_is_told(text: str, complaint: str) -> None:
    """What, where and how to mend it."""
    with pytest.raises(ConfigError) as caught:
        settings.read(document(text))

    assert complaint in str(caught.value)
