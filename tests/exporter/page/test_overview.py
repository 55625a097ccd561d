import math
import re
from array import array
from dataclasses import replace
from itertools import pairwise

import pytest

from catalog.event import Event, EventKind, Severity
from catalog.metrics import clocks, ecc, memory, nvlink, pcie, state, utilization
from catalog.snapshot import Tier
from catalog.xid.actions import Action
from exporter.page import detail, event_list, header, overview, words
from exporter.page.curve import Curve
from exporter.page.scene import Scene
from exporter.page.sparkline import peaks, sparkline
from tests.exporter.page.conftest import ABOUT, Site
from tests.exporter.page.node import GIB, NOW, Node, Row, uuid


def text(markup: str) -> str:
    """What a person reads, elements apart."""
    plain = re.sub(r"<[^>]*>", " ", markup).replace("\u00a0", " ")
    return " ".join(plain.split())


def cell(scene: Scene, index: int, key: str) -> str:
    """The text of one cell."""
    return text(overview.fragments(scene)[f"{uuid(index)}-{key}"])


def of(node: Node, now: float = NOW, events: tuple[Event, ...] | None = ()) -> Scene:
    """A scene of *node*."""
    return Scene(about=ABOUT, snapshot=node.hub.latest, recent=node.recent, events=events, now=now)


def bare(*rows: Row) -> Node:
    """One GPU that can tell nothing but *rows*."""
    node = Node(count=1)
    for tier in (Tier.FAST, Tier.MEDIUM, Tier.SLOW):
        node.tell(0, tier, NOW, rows)
    return node


def test_a_gpu_that_cannot_tell_shows_dashes() -> None:
    """Absent is a dash in every column; nothing reads 0."""
    scene = of(bare())
    cells = {
        key: cell(scene, 0, key) for key in ("busy", "sm", "memory", "power", "heat", "clock")
    }

    assert set(cells.values()) == {"\u2013"}
    assert cell(scene, 0, "throttling") == "\u2013"
    assert cell(scene, 0, "ecc") == "\u2013 corr. \u2013 uncorr."
    assert cell(scene, 0, "remap") == "\u2013"


def test_an_idle_gpu_shows_zero() -> None:
    """Zero is a value."""
    assert cell(of(bare((utilization.UTILIZATION, (), 0.0))), 0, "busy") == "0 %"


def test_memory_is_told_of_its_total() -> None:
    """Used and installed in one unit, and as a bar."""
    scene = of(bare((memory.USED, (), 20.0 * GIB), (memory.TOTAL, (), 80.0 * GIB)))

    assert cell(scene, 0, "memory") == "20 / 80 GiB"
    assert 'width="25.0%"' in overview.fragments(scene)[f"{uuid(0)}-memory"]


def test_normal_reasons_are_muted_and_bad_ones_are_not() -> None:
    """A power cap is everyday, a thermal slowdown comes first and stands out."""
    reasons = [
        (clocks.EVENT_ACTIVE, (reason,), float(reason in ("sw_power_cap", "hw_thermal_slowdown")))
        for reason in clocks.REASONS
    ]
    drawn = overview.fragments(of(bare(*reasons)))[f"{uuid(0)}-throttling"]

    assert text(drawn) == "thermal, hardware power cap"
    assert '<span class="alarm">thermal, hardware</span><span class="muted">power cap' in drawn


def test_every_reason_has_words() -> None:
    """The catalogue's reasons and ours are the same."""
    assert set(words.REASONS) == set(clocks.REASONS)
    assert set(words.REASONS) > words.BENIGN


def test_uncorrected_errors_stand_out() -> None:
    """Locations are summed; one uncorrected error is an alarm."""
    rows = [
        (ecc.ERRORS, (kind, location), 2.0) for kind in ecc.TYPES for location in ecc.LOCATIONS
    ]
    drawn = overview.fragments(of(bare(*rows)))[f"{uuid(0)}-ecc"]

    assert text(drawn) == "4 corr. 4 uncorr."
    assert drawn.count('class="alarm"') == 1


def test_what_a_gpu_needs_is_said_beside_its_state() -> None:
    """The recovery action and a pending row remap are why somebody opens this page."""
    rows = [(ecc.RECOVERY_ACTION, (name,), float(name == "gpu_reset")) for name in ecc.ACTIONS]
    scene = of(bare(*rows, (ecc.REMAP_PENDING, (), 1.0)))

    assert cell(scene, 0, "state") == "unhealthy needs GPU reset row remap pending"
    assert cell(scene, 0, "remap") == "pending"


LINK: tuple[Row, ...] = (
    (pcie.GENERATION_MAX, (), 5.0),
    (pcie.WIDTH_MAX, (), 16.0),
)


def linked(generation: float, width: float, *, before: float, now: float) -> str:
    """The state cell of a GPU that was so busy when its link was read, and is now, ten seconds later."""
    node = bare((utilization.UTILIZATION, (), before))
    link = (*LINK, (pcie.GENERATION, (), generation), (pcie.WIDTH, (), width))
    node.tell(0, Tier.SLOW, NOW, link)
    node.tell(0, Tier.FAST, NOW + 10, [(utilization.UTILIZATION, (), now)])
    return cell(of(node), 0, "state")


@pytest.mark.parametrize(
    ("generation", "width", "said"),
    [
        (3.0, 8.0, "degraded PCIe gen 3 x8 of gen 5 x16"),
        (5.0, 4.0, "degraded PCIe x4 of x16"),
        (1.0, 16.0, "degraded PCIe gen 1 of gen 5"),
        (5.0, 16.0, "ok"),
    ],
)
def test_a_slow_link_of_a_busy_gpu_is_said(generation: float, width: float, said: str) -> None:
    """What is below the most that GPU and slot support together is named."""
    assert linked(generation, width, before=0.9, now=0.9) == said


def test_a_link_that_saves_power_is_not_slow() -> None:
    """Boards lower the generation when idle; what was read then says nothing of a GPU that works now."""
    assert linked(1.0, 16.0, before=0.0, now=0.0) == "ok"
    assert linked(1.0, 8.0, before=0.0, now=0.9) == "ok"


@pytest.mark.parametrize(
    ("up", "down", "errors", "said"),
    [
        (17.0, 1.0, 0.0, "degraded 1 NVLink down"),
        (14.0, 4.0, 12.0, "degraded 4 NVLinks down 12 NVLink errors"),
        (18.0, 0.0, 0.0, "ok"),
        (0.0, 18.0, 0.0, "ok"),
    ],
)
def test_links_that_are_down_are_said(up: float, down: float, errors: float, said: str) -> None:
    """Some of them down is a fault, all of them a board alone; errors are told, and are no need."""
    links = [(nvlink.LINKS, ("active",), up), (nvlink.LINKS, ("inactive",), down)]
    scene = of(bare(*links, (nvlink.ERRORS, ("replay",), errors)))

    assert cell(scene, 0, "state") == said
    assert ("need" in overview.fragments(scene)[f"{uuid(0)}-state"]) == bool(up and down)


def test_who_is_degraded_is_said_everywhere(site: Site) -> None:
    """In the tile, in the status and in the switcher of the other page."""
    site.node.tell(1, Tier.SLOW, NOW, [(ecc.REMAP_PENDING, (), 1.0)])
    scene = site.scene()
    switcher = detail.fragments(scene, scene.snapshot.gpus[uuid(0)])["siblings"]

    assert "GPUs 2 1 ok 1 degraded" in text(header.figures(scene))
    assert text(header.status(scene)) == (
        "1 of 2 GPUs are ok. GPU 1 is degraded: row remap pending."
    )
    assert 'class="state-degraded" aria-label="GPU 1, degraded"' in switcher
    assert 'class="state-ok" aria-current="page" aria-label="GPU 0, ok"' in switcher


@pytest.mark.parametrize("name", state.STATES)
def test_each_state_has_its_shape_and_word(site: Site, name: str) -> None:
    """No state is told by colour alone."""
    site.node.hub.state(uuid(0), name, "why")
    drawn = overview.fragments(site.scene())[f"{uuid(0)}-state"]
    shapes = {
        path for other in state.STATES for path in re.findall(r' d="([^"]*)"', _badge(other))
    }

    assert f"{name} why" in text(drawn)
    assert len(shapes) == len(state.STATES)


def _badge(name: str) -> str:
    node = Node(count=1)
    node.hub.state(uuid(0), name, "")
    return overview.fragments(of(node))[f"{uuid(0)}-state"]


def test_a_hung_gpu_shows_no_old_values(site: Site) -> None:
    """Stale gauges lie, so they are dashes."""
    site.node.hub.state(uuid(0), "hung", "call has not returned")
    scene = site.scene()

    assert cell(scene, 0, "busy") == "\u2013"
    assert cell(scene, 1, "busy").endswith("%")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (1.0, "Live · 1 s ago"),
        (4.4, "Live · 4 s ago"),
        (34.0, "Stale · last reading 34 s ago"),
        (3700.0, "Stale · last reading 1 h 1 min ago"),
    ],
)
def test_the_page_says_how_old_it_is(site: Site, age: float, said: str) -> None:
    """Live for five periods of the fastest tier, then stale, since when is said."""
    site.now += age

    assert text(header.freshness(site.scene())) == said


def test_a_node_that_was_never_read_says_so() -> None:
    """Before the first reading there is no age."""
    scene = of(Node(count=0))

    assert text(header.freshness(scene)) == "No reading yet"
    assert "its GPUs are being read" in text(overview.body(scene, overview.fragments(scene)))


def test_without_a_driver_the_page_says_what_to_expect() -> None:
    """An exporter that waits for a driver is not an empty page."""
    node = Node(count=0)
    node.hub.driver(up=False)
    scene = of(node)

    assert "No driver answers" in text(overview.body(scene, overview.fragments(scene)))
    assert text(header.status(scene)) == "The driver is not loaded."


def test_the_figures_sum_what_is_known(site: Site) -> None:
    """A hung GPU is counted among the states and left out of the sums."""
    site.node.hub.state(uuid(1), "hung", "")
    drawn = text(header.figures(site.scene()))

    assert "GPUs 2 1 ok 1 hung" in drawn
    assert "limit 700 W" in drawn
    assert "Driver 580.159.04 source sim" in drawn


def test_the_status_changes_with_the_states_and_not_with_the_values(site: Site) -> None:
    """A screen reader speaks when a GPU fails, not every second."""
    before = header.status(site.scene())
    site.tick()
    between = header.status(site.scene())
    site.node.hub.state(uuid(1), "lost", "off the bus")

    assert before == between
    assert text(header.status(site.scene())) == "1 of 2 GPUs are ok. GPU 1 is lost: off the bus."


def test_sparklines_move_every_ten_seconds_only(site: Site) -> None:
    """What has not changed is not sent again."""
    trends = [_trends(site) for _ in range(20)]

    assert sum(one != other for one, other in pairwise(trends)) == 2


def _trends(site: Site) -> str:
    site.tick()
    return overview.fragments(site.scene())[f"{uuid(0)}-busy-trend"]


def test_a_reading_that_slips_is_no_hole_in_its_line() -> None:
    """What is read every ten seconds may leave a slot of ten seconds empty; a minute of silence is a gap."""
    slots = [50.0, math.nan, 51.0, *[math.nan] * 6, 52.0]
    curve = Curve(name="", start=NOW, step=10.0, values=array("d", slots), bridged=2)

    drawn = sparkline(peaks(curve).values, peaks(curve).bridged, (0, 100), "")

    assert re.findall(r'class="line" d="(.*?)"', drawn) == ["M0,120L2,118h.01M9,116h.01"]


def test_names_from_a_driver_are_text() -> None:
    """A model name with markup in it is shown, not run."""
    node = Node(count=1, model="<img src=x onerror=alert(1)>")
    scene = of(node)
    drawn = overview.body(scene, overview.fragments(scene))

    assert "<img" not in drawn
    assert "&lt;img src=x" in drawn


def test_events_are_told_newest_first(site: Site) -> None:
    """Time, kind with its weight in words, GPU as a link, message."""
    event = Event(
        at=NOW,
        kind=EventKind.XID,
        severity=Severity.CRITICAL,
        message="Xid 79: <gone>",
        uuid=uuid(1),
        code=79,
    )
    drawn = event_list.event_list(of(site.node, events=(event,)))

    assert text(drawn) == "28 May 20:31:05 critical: Xid 79 GPU 1 Xid 79: &lt;gone&gt;"
    assert f'href="/gpus/{uuid(1)}"' in drawn


def test_an_event_outlives_its_gpu(site: Site) -> None:
    """What happened to a GPU that was exchanged, or to the node, is told without a link that leads nowhere."""
    lost = Event(
        at=NOW, kind=EventKind.GPU_LOST, severity=Severity.CRITICAL, message="gone", uuid="x"
    )
    node = Event(at=NOW, kind=EventKind.DRIVER_UP, severity=Severity.INFO, message="up")
    drawn = event_list.event_list(of(site.node, events=(lost, node)))

    assert "GPU lost GPU gone gone" in text(drawn)
    assert "Driver up node up" in text(drawn)
    assert "href" not in drawn


def test_a_log_that_cannot_be_read_is_not_an_empty_one(site: Site) -> None:
    """Silence is said to be silence only where it is known."""
    assert "cannot be read" in event_list.event_list(of(site.node, events=None))
    assert "Nothing has happened" in event_list.event_list(of(site.node, events=()))


def test_an_error_of_a_switch_says_what_to_do(site: Site) -> None:
    """A switch belongs to no GPU; what asks for nothing gives no advice."""
    sxid = Event(
        at=NOW,
        kind=EventKind.SXID,
        severity=Severity.CRITICAL,
        message="SXid 20034: Link 30.",
        pci_bus_id="00000000:A9:00.0",
        code=20034,
        action=Action.RESET_GPU,
    )
    quiet = replace(sxid, action=Action.NONE)
    first, second = (
        text(event_list.event_list(of(site.node, events=(one,)))) for one in (sxid, quiet)
    )

    assert "SXid 20034 NVSwitch SXid 20034: Link 30. Reset GPU." in first
    assert "Reset" not in second
