"""How a GPU is and what it needs: its state, why, and what somebody must do. Its values are `exporter.page.vitals`'s."""

from catalog.metric import Metric
from catalog.metrics import ecc, nvlink, pcie, profiling, utilization
from exporter.page import icon, words
from exporter.page.markup import Child, tag
from exporter.page.quantity import number
from exporter.page.vitals import Vitals

_LATELY = 60.0
"""Seconds since the last work in which a link is still judged: a pause between two batches hides nothing."""
_MEANWHILE = 2.0
_FLAGS = (
    (ecc.REMAP_PENDING, "row remap pending"),
    (ecc.REMAP_FAILURE, "row remap failed"),
    (ecc.SRAM_THRESHOLD, "SRAM errors over limit"),
    (ecc.UNREPAIRABLE, "memory unrepairable"),
    (ecc.RETIREMENT_PENDING, "page retirement pending"),
)


def state(vitals: Vitals) -> Child:
    """State, why, and what the GPU needs."""
    reason = words.plain(vitals.view.reason)
    counted = vitals.sum(nvlink.ERRORS) or 0
    return (
        icon.badge(vitals.view.state),
        reason and tag("span", reason, class_="note reason", title=reason),
        [tag("span", icon.shape("degraded"), need, class_="note need") for need in needs(vitals)],
        tag("span", _many(counted, "NVLink error"), class_="note") if counted else None,
    )


def attention(vitals: Vitals) -> bool:
    """Whether a GPU whose state is ok is not well all the same."""
    return vitals.view.state == "ok" and bool(needs(vitals))


def needs(vitals: Vitals) -> tuple[str, ...]:
    """What somebody must do about this GPU."""
    action = vitals.active(ecc.RECOVERY_ACTION) or ()
    repairs = tuple(f"{unit} repair pending" for unit in vitals.active(ecc.REPAIR_PENDING) or ())
    found = (
        *(f"needs {words.plain(name)}" for name in action if name != "none"),
        *(text for metric, text in _FLAGS if vitals.get(metric)),
        *repairs,
        _pcie(vitals),
        _nvlink(vitals),
    )
    return tuple(text for text in found if text)


def _pcie(vitals: Vitals) -> str:
    """A link that trained to less than GPU and slot support, while the GPU works: some boards save power when idle."""
    generation = _below(vitals, pcie.GENERATION, pcie.GENERATION_MAX, "gen ")
    width = _below(vitals, pcie.WIDTH, pcie.WIDTH_MAX, "x")
    # It is read once a minute, so it may be older than the work that is going on.
    if generation and not _worked(vitals, vitals.read_at(pcie.GENERATION), _MEANWHILE):
        generation = ()
    below = [each for each in (generation, width) if each]
    if not below or not _worked(vitals, vitals.view.last_read, _LATELY):
        return ""
    now, most = (" ".join(part) for part in zip(*below, strict=True))
    return f"PCIe {now} of {most}"


def _below(vitals: Vitals, metric: Metric, highest: Metric, prefix: str) -> tuple[str, ...]:
    now, most = vitals.get(metric), vitals.get(highest)
    if now is None or most is None or now >= most:
        return ()
    return f"{prefix}{now:g}", f"{prefix}{most:g}"


def _worked(vitals: Vitals, until: float, seconds: float) -> bool:
    """Whether any work was seen in the *seconds* before *until*."""
    return any(
        vitals.peak(metric, until - seconds, until) > 0
        for metric in (utilization.UTILIZATION, profiling.SM_ACTIVE)
    )


def _nvlink(vitals: Vitals) -> str:
    """Links that are down; all of them down is a board without a bridge."""
    down, up = (vitals.get(nvlink.LINKS, name) for name in ("inactive", "active"))
    return f"{_many(down, 'NVLink')} down" if down and up else ""


def _many(count: float, name: str) -> str:
    return f"{number(count)} {name}{'' if count == 1 else 's'}"
