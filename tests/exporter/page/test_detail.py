import re

from catalog.metric import Scope
from catalog.metrics import ALL, ecc, events, modes, probes, state, temperature
from catalog.snapshot import Tier
from exporter.page import detail, words
from exporter.page.panel import SPANS, remembered
from exporter.page.probe_table import verdicts
from exporter.page.readings import readings
from exporter.page.vitals import Vitals
from tests.exporter.page.conftest import Site
from tests.exporter.page.node import NOW, Node, uuid
from tests.exporter.page.test_overview import text


def test_every_reading_of_a_gpu_is_told_with_its_help(site: Site) -> None:
    """The page of a GPU follows the catalogue: what is read is shown, and what it means."""
    view = site.node.hub.latest.gpus[uuid(0)]
    drawn = "".join(readings(Vitals.of(view, site.node.recent)).values())
    told = {sample.metric for reading in view.current() for sample in reading.samples()}

    for metric in told - {state.INFO}:
        assert words.title(metric) in drawn
        assert metric.name in drawn


def test_every_subject_of_the_catalogue_has_its_place() -> None:
    """A new family of a GPU cannot be forgotten; identity and state are told elsewhere on the page."""
    placed = {metric for _, subject in words.SUBJECTS for metric in subject.FAMILIES}
    about_gpus = {metric for metric in ALL if metric.scope in (Scope.GPU, Scope.MIG)}

    assert about_gpus - placed == set(state.FAMILIES)


def test_titles_are_words() -> None:
    """No underscore, no prefix, no unit; acronyms as they are written."""
    assert words.title(ecc.ERRORS) == "ECC errors, total"
    assert words.title(temperature.TEMPERATURE) == "Temperature"
    assert all("_" not in words.title(metric) for metric in ALL)


def test_a_family_of_flags_is_one_row() -> None:
    """The compute mode reads `default`, not four rows of 0 and 1."""
    node = Node(count=1)
    rows = [
        (modes.COMPUTE_MODE, (name,), float(name == "default")) for name in modes.COMPUTE_MODES
    ]
    node.tell(0, Tier.SLOW, NOW, rows)
    drawn = readings(Vitals.of(node.hub.latest.gpus[uuid(0)], node.recent))["readings-modes"]

    assert drawn.count("<tr>") == 2
    assert text(drawn).endswith("default")


def test_ranges_name_the_one_that_is_shown(site: Site) -> None:
    """Links to all ranges, the current one marked for everybody."""
    view = site.node.hub.latest.gpus[uuid(0)]
    drawn = detail.charts(remembered(site.node.recent, view, NOW), SPANS[0], uuid(0))

    assert [span.key for span in SPANS] == re.findall(r"range=([^\"]*)\"", drawn)
    assert drawn.count('aria-current="page"') == 1


def test_a_history_that_cannot_be_read_is_said() -> None:
    """Charts that are missing have a reason."""
    assert "cannot be read" in detail.charts(None, SPANS[1], uuid(0))


def test_what_was_not_recorded_is_named() -> None:
    """A GPU without NVLink has no empty chart, and the page says which it left out."""
    node = Node(count=1)
    panels = remembered(node.recent, node.hub.latest.gpus[uuid(0)], NOW)

    assert "NVLink throughput" in text(detail.charts(panels, SPANS[0], uuid(0)))


def test_only_xids_that_happened_are_listed() -> None:
    """Forty codes at 0 are one word; one that happened is a row with its count, and one with its time."""
    node = Node(count=1)
    codes = [(events.XID_ERRORS, (str(code), "reset_gpu"), 0.0) for code in range(40)]

    node.tell(0, Tier.COUNTED, NOW, codes)
    quiet = _xids(node)
    codes[7] = (events.XID_ERRORS, ("7", "reset_gpu"), 1.0)
    node.tell(0, Tier.COUNTED, NOW, [*codes, (events.XID_LAST, ("7", "reset_gpu"), NOW)])
    after = _xids(node)

    assert quiet.count("<tr>") == 2
    assert text(quiet).endswith("none")
    assert after.count("<tr>") == 3
    assert text(after).endswith("28 May 20:31:05")


def _xids(node: Node) -> str:
    return readings(Vitals.of(node.hub.latest.gpus[uuid(0)], node.recent))["readings-events"]


def test_the_verdicts_of_the_probes_have_a_table(site: Site) -> None:
    """Verdict, what was measured, its share, how old it is; without a verdict there is no table."""
    view = site.node.hub.latest.gpus[uuid(0)]
    assert verdicts(Vitals.of(view, site.node.recent), NOW) == {}
    rows = [
        *(
            (probes.VERDICT, ("memory-bandwidth", name), float(name == "degraded"))
            for name in probes.VERDICTS
        ),
        (probes.LAST_VERDICT, ("memory-bandwidth",), NOW - 200),
        (probes.BANDWIDTH, ("memory-bandwidth", "read"), 2.4e12),
        (probes.PEAK_RATIO, ("memory-bandwidth", "read"), 0.71),
    ]
    site.node.tell(0, Tier.PROBED, NOW, rows)

    (table,) = verdicts(
        Vitals.of(site.node.hub.latest.gpus[uuid(0)], site.node.recent), NOW
    ).values()

    assert text(table).split("Ago")[1].split() == (
        ["memory-bandwidth", "degraded", "read", "2,400", "GB/s", "71", "%", "3", "min", "20", "s"]
    )
