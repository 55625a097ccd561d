"""Who holds a GPU, as the page says it."""

from catalog.snapshot import Snapshot
from exporter import holders
from exporter.holders import Holder
from exporter.page.markup import Child, tag
from exporter.page.quantity import ABSENT
from exporter.page.vitals import Vitals

_MOST = 3
"""Holders that are named; of a GPU that many share, the list of readings has all."""


def known(snapshot: Snapshot) -> bool:
    """Whether anybody is known to hold any GPU."""
    return any(holders.of(view) for view in snapshot.gpus.values())


def draw(vitals: Vitals) -> Child:
    """The pods, jobs or containers that have the GPU or a part of it."""
    found = sorted(set(holders.of(vitals.view)))
    if not found:
        return tag("span", ABSENT, class_="muted")
    more = len(found) - _MOST
    return (
        [tag("span", _named(holder), title=_full(holder)) for holder in found[:_MOST]],
        tag("span", f"and {more} more", class_="muted") if more > 0 else None,
    )


def _named(holder: Holder) -> str:
    """The shortest name that tells it from others."""
    pod = "/".join(filter(None, (holder.namespace, holder.pod)))
    job = holder.hpc_job and f"job {holder.hpc_job}"
    return ", ".join(filter(None, (pod, job))) or holder.container


def _full(holder: Holder) -> str:
    return ", ".join(
        f"{word} {value}"
        for word, value in zip(
            ("namespace", "pod", "container", "job"), holder.values(), strict=True
        )
        if value
    )
