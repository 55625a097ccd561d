"""Every selector of every alert finds a series of a real exporter: an expression that can never match is a mistake."""

import re
import time
from collections.abc import Iterator

import pytest

from alerts.policies import ALL
from alerts.policy import Policy
from alerts.rules import rule
from catalog import scrape
from catalog.metrics import ALL as FAMILIES
from catalog.metrics import ecc, exporter, probes
from catalog.promql import instant
from catalog.promql.expr import Select
from tests.exporter.attribution.kubelet import Kubelet, devices, pod
from tests.exporter.server import Metrics, Server, eventually, serving

SCENARIO = "gpus: [{model: H100, count: 2, workload: idle}, {model: H100, workload: training}]\n"
SXIDS = ("20034, Fatal, Link 30 LTSSM Fault Up", "20012, Non-fatal, Link 30 link flapping")
XIDS = (31, 54, 109, 110)
"""One of each action."""
WITHOUT_SERIES = {
    scrape.UP: "Prometheus itself writes it",
    ecc.RETIRED_PAGES: "GPUs before Ampere have it, and none is simulated",
    exporter.SERIES_DROPPED: "begins when a budget is used up; a count of 0 would say for which family in vain",
}
"""Families of which a healthy simulated node has no such series, and why."""


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    """What an exporter with all that it can do answers, once each probe has run and each kind of Xid was there."""
    folder = tmp_path_factory.mktemp("selectors")
    (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    log = folder / "kmsg"
    log.touch()
    kubelet = Kubelet(folder / "kubelet.sock")
    kubelet.pods = [pod("train-0", "nvidia2", namespace="ml")]
    kubelet.allocatable = [devices(*(f"nvidia{minor}" for minor in range(3)))]
    options = (
        *("--source", f"sim:{folder / 'scenario.yaml'}", "--allow-fault-injection"),
        *("--pod-resources", str(kubelet.socket), "--probes", "all", "--probe-speed", "600"),
        *("--kernel-log", str(log)),
    )
    with kubelet.running(), serving(folder / "exporter", *options) as server:
        eventually(lambda: server.all_ok(3))
        log.write_text("".join(map(_logged, SXIDS)), encoding="utf-8")
        for code in XIDS:
            server.fault(gpu=2, kind="xid", code=code)
        eventually(lambda: _all_there(server))
        return server.metrics()


def _logged(sxid: str) -> str:
    """A record of the kernel log, of now."""
    microseconds = time.monotonic_ns() // 1000
    return f"4,1,{microseconds},-;nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): {sxid}\n"


def _all_there(server: Server) -> bool:
    """Whether what comes last is there: verdicts of all probes, counts of Xids, who holds which GPU."""
    now = server.metrics()
    verdicts = {dict(own)["probe"] for own in now.values(probes.LAST_VERDICT.name)}
    return len(verdicts) >= 7 and not _missing(now)


def _missing(scraped: Metrics) -> dict[str, list[str]]:
    """Selectors that find nothing, by alert."""
    found: dict[str, list[str]] = {}
    for policy in ALL:
        for select in policy.expr.selects():
            if select.metric not in WITHOUT_SERIES and not _finds(select, scraped):
                found.setdefault(policy.name, []).append(select.text("gpuvitals"))
    return found


def _finds(select: Select, scraped: Metrics) -> bool:
    series = list(scraped.values(f"{select.metric.name}{select.part}").items())
    return bool(instant.vector(Select(select.metric, select.matchers), lambda _: series, 0.0))


def test_every_selector_finds_a_series(scraped: Metrics) -> None:
    """0 is a value too; what is not there says why."""
    assert _missing(scraped) == {}


def test_what_has_no_series_has_none(scraped: Metrics) -> None:
    """No reason outlives its cause."""
    selects = [select for policy in ALL for select in policy.expr.selects()]
    for metric in WITHOUT_SERIES:
        own = [select for select in selects if select.metric is metric]

        assert own
        assert not all(_finds(select, scraped) for select in own)


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.name)
def test_an_alert_is_as_others_would_want_it(policy: Policy) -> None:
    """It has a duration or a reason, labels that never change, and no family that is not in the catalogue."""
    made = rule(policy)
    names = {metric.name for metric in (*FAMILIES, scrape.UP)}

    assert policy.lasting or policy.at_once
    assert made.lasting == policy.lasting
    assert not [text for text in made.labels.values() if "{{" in text or "$" in text]
    assert set(_names(policy)) <= names


def _names(policy: Policy) -> Iterator[str]:
    """What selects in the text of the rule, without the names of functions and labels."""
    text = policy.expr.text("gpuvitals")
    yield from re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{", text)
    assert "{}" not in text
    assert text.count("{") == text.count('job="gpuvitals"')
