import math

from catalog.metrics import clocks, ecc, pcie, power
from exporter.page.panel import SPANS, Panel, kept, remembered
from history.minute import CounterMinute, GaugeMinute, Key
from tests.exporter.page.conftest import Site
from tests.exporter.page.node import NOW, uuid

HOUR = SPANS[1]
START = int(NOW // 60 * 60) - 3600


def named(panels: tuple[Panel, ...], key: str) -> Panel:
    """The panel of one plot."""
    return next(panel for panel in panels if panel.plot.key == key)


def test_memory_has_every_second_of_15_minutes(site: Site) -> None:
    """The fast tier second by second, the medium one in its own steps."""
    panels = remembered(site.node.recent, site.node.hub.latest.gpus[uuid(0)], NOW)
    busy = named(panels, "utilisation")

    assert [(curve.name, curve.step, len(curve.values)) for curve in busy.curves] == [
        ("Any work", 1.0, 900),
        ("SM active", 10.0, 90),
        ("Tensor active", 10.0, 90),
        ("DRAM active", 10.0, 90),
    ]
    assert not any(map(math.isnan, busy.curves[0].values))


def test_the_limit_comes_from_the_gpu(site: Site) -> None:
    """The power chart knows the limit that is enforced now."""
    panels = remembered(site.node.recent, site.node.hub.latest.gpus[uuid(0)], NOW)

    assert named(panels, "power").limit == 700.0


def test_the_history_fills_longer_ranges(site: Site) -> None:
    """Means with their extremes; minutes that nobody saw are gaps."""
    key = Key(uuid(0), power.NOW)
    site.history.append(
        [
            GaugeMinute(at=START + at, key=key, low=90, mean=100, high=150, last=95, covered=60)
            for at in (0, 60, 180)
        ]
    )

    panels = kept(site.history, site.node.hub.latest.gpus[uuid(0)], HOUR, NOW)
    curve = named(panels, "power").curves[0]

    assert (curve.start, curve.step, len(curve.values)) == (START, 60, 60)
    assert list(curve.values[:2]) == [100, 100]
    assert math.isnan(curve.values[2])
    assert (curve.low[0], curve.high[0]) == (90, 150)


def test_counters_are_drawn_per_second(site: Site) -> None:
    """Bytes per minute become bytes per second, seconds held down a share of at most 1, errors stay a count."""
    site.history.append(
        [
            CounterMinute(at=START, key=Key(uuid(0), pcie.RECEIVE), increase=6e9, last=1e12),
            CounterMinute(
                at=START,
                key=Key(uuid(0), clocks.EVENT_SECONDS, ("sw_power_cap",)),
                increase=61,
                last=99,
            ),
            CounterMinute(
                at=START, key=Key(uuid(0), ecc.ERRORS, ("corrected", "dram")), increase=3, last=7
            ),
        ]
    )

    panels = kept(site.history, site.node.hub.latest.gpus[uuid(0)], HOUR, NOW)

    assert named(panels, "pcie").curves[0].values[0] == 1e8
    assert named(panels, "throttling").curves[0].values[0] == 1.0
    assert named(panels, "ecc").curves[0].values[0] == 3


def test_other_gpus_stay_out(site: Site) -> None:
    """The history of one GPU is not that of its neighbour."""
    key = Key(uuid(1), power.NOW)
    site.history.append(
        [GaugeMinute(at=START, key=key, low=1, mean=1, high=1, last=1, covered=60)]
    )

    panels = kept(site.history, site.node.hub.latest.gpus[uuid(0)], HOUR, NOW)

    assert all(panel.curves == () for panel in panels)
