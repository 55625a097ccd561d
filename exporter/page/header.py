"""What is true of the node as a whole: how fresh it is, and its figures."""

from collections import Counter

from catalog.metric import Unit
from catalog.metrics import memory, power, state, temperature, utilization
from exporter.page import condition, icon, instant
from exporter.page.markup import Child, Markup, tag
from exporter.page.quantity import ABSENT, duration, of, shown, total
from exporter.page.scene import Scene
from exporter.page.vitals import Vitals

_FRESH = 5.0
"""Seconds after which the newest reading is called stale: five periods of the fastest tier."""


def freshness(scene: Scene) -> Markup:
    """Whether what is shown is now."""
    read = max((view.last_read for view in scene.snapshot.gpus.values()), default=0.0)
    age = max(0.0, scene.now - read)
    if not read:
        manner, text = "waiting", "No reading yet"
    elif age <= _FRESH:
        manner, text = "live", f"Live · {duration(round(age))} ago"
    else:
        manner, text = "stale", f"Stale · last reading {duration(round(age))} ago"
    return tag(
        "p",
        tag("span", class_="dot", aria_hidden="true"),
        tag("span", text, class_="words"),
        id="freshness",
        class_=f"freshness {manner}",
        data_at=instant.clock(scene.now),
    )


def status(scene: Scene) -> Markup:
    """Read aloud when it changes, and only then."""
    return tag("p", _said(scene), id="status", class_="unseen", role="status", aria_live="polite")


def figures(scene: Scene) -> Markup:
    """The node in a line of figures."""
    gathered = _gathered(scene)
    shares = [vitals.get(utilization.UTILIZATION) for vitals in gathered]
    heats = [vitals.get(temperature.TEMPERATURE, "gpu") for vitals in gathered]
    summed, known = total(shares), [heat for heat in heats if heat is not None]
    busy = None if summed is None else summed / sum(each is not None for each in shares)
    used = total([vitals.get(memory.USED) for vitals in gathered])
    there = total([vitals.get(memory.TOTAL) for vitals in gathered])
    watts = total([vitals.get(power.NOW) for vitals in gathered])
    limit = total([vitals.get(power.LIMIT, "enforced") for vitals in gathered])
    return tag(
        "dl",
        _figure("GPUs", str(len(gathered)), _states(gathered)),
        _figure("Mean utilisation", shown(busy, Unit.RATIO)),
        _figure("Power", shown(watts, Unit.WATTS), limit and f"limit {shown(limit, Unit.WATTS)}"),
        _figure("Memory used", of(used, there, Unit.BYTES)),
        _figure("Hottest GPU", shown(max(known, default=None), Unit.CELSIUS)),
        _figure("Driver", _driver(gathered), f"source {scene.about.source}"),
        id="figures",
        class_="figures",
    )


def _figure(name: str, value: Child, more: Child = None) -> Markup:
    return tag(
        "div",
        tag("dt", name),
        tag("dd", tag("span", value, class_="figure"), more and tag("span", more, class_="minor")),
    )


def _gathered(scene: Scene) -> list[Vitals]:
    return [Vitals.of(view, scene.recent) for view in scene.snapshot.gpus.values()]


def _states(gathered: list[Vitals]) -> list[Markup]:
    """How many are in each state."""
    found = Counter(vitals.view.state for vitals in gathered)
    return [
        tag("span", icon.shape(name), f"{found[name]} {name}", class_=f"count state-{name}")
        for name in state.STATES
        if found[name]
    ]


def _said(scene: Scene) -> str:
    if not scene.snapshot.driver_up:
        return "The driver is not loaded."
    gathered = _gathered(scene)
    well = sum(vitals.view.state == "ok" for vitals in gathered)
    return " ".join((f"{well} of {len(gathered)} GPUs are ok.", *map(_trouble, gathered))).strip()


def _trouble(vitals: Vitals) -> str:
    view = vitals.view
    if view.state == "ok":
        return ""
    return f"GPU {view.identity.index} is {condition.said(vitals)}."


def _driver(gathered: list[Vitals]) -> str:
    place = state.INFO.labels.index("driver")
    for vitals in gathered:
        for metric, labels in vitals.values:
            if metric is state.INFO:
                return labels[place] or ABSENT
    return ABSENT
