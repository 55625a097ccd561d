"""METRICS.md: the catalogue as a page for people."""

from collections.abc import Iterator
from types import ModuleType

from catalog.metric import Metric, Scope
from catalog.metrics import ALL, SUBJECTS

_HEADER = """\
<!-- DO NOT EDIT: written by `gpuvitals generate` from catalog/metrics -->
# Metrics

{count} families. Every series of a GPU carries `uuid` and `gpu` (its index) beside the labels listed here; everything
else about the GPU is on `gpu_info`, to be joined on `uuid`. A family *of the node* has only the labels listed. A series is absent where the GPU cannot tell. *History* marks
what the embedded history keeps. A value outside its range is never exported; `gpuvitals_values_rejected_total` counts it.
"""


def metrics_page() -> str:
    """The whole page."""
    sections = (part for subject in SUBJECTS for part in _section(subject))
    return "\n".join([_HEADER.format(count=len(ALL)), *sections])


def _section(subject: ModuleType) -> Iterator[str]:
    title, _, rest = (subject.__doc__ or "").strip().partition("\n\n")
    yield f"## {title.rstrip('.')}\n"
    if rest:
        yield " ".join(rest.split()) + "\n"
    yield "| metric | type | labels | meaning | source | range | history |"
    yield "|---|---|---|---|---|---|---|"
    yield from (_row(metric) for metric in subject.FAMILIES)
    yield ""


def _row(metric: Metric) -> str:
    low, high = metric.plausible
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "-"
    if metric.scope is Scope.NODE:
        labels = f"of the node: {labels}"
    ours = metric.scope is Scope.EXPORTER or metric.source == "gpuvitals"
    cells = (
        f"`{metric.name}`",
        metric.kind.value,
        labels,
        metric.help,
        "counted here" if ours else metric.source,
        f"{low:g} .. {high:g}",
        "yes" if metric.history else "",
    )
    return f"| {' | '.join(cells)} |"
