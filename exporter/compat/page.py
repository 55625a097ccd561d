"""docs/dcgm.md: which fields of dcgm-exporter are supplied, by what, and why not."""

from collections.abc import Iterator

from exporter.compat.fields import Field, Listed, Type, all_fields

_HEADER = """\
<!-- DO NOT EDIT: written by `gpuvitals generate` from exporter/compat -->
# In place of dcgm-exporter

`gpuvitals serve --compat dcgm-legacy` adds dcgm-exporter's metrics with their names, labels and units to `/metrics`, so that its
dashboards and alerts go on. `dcgm-4.9` writes the names and base units that its version 4.9 brought, `dcgm-both` both. Our own metrics
stay as they are.

Labels are `gpu`, `UUID`, `pci_bus_id`, `device`, `modelName`, `Hostname` and the version of the driver, `DCGM_FI_DRIVER_VERSION`, since
4.9 `DCGM_FI_SYSTEM_DRIVER_VERSION`. Of an instance of MIG `GPU_I_PROFILE` and `GPU_I_ID` come with them; under MIG the memory of the
whole GPU is then left out, so that sums count nothing twice.

What to know:

- Profiling ratios and PCIe rates come from NVML's GPM, which Hopper and newer have. Before Hopper only DCGM can read them: they are absent.
- `DCGM_FI_PROF_GR_ENGINE_ACTIVE` is NVML's utilization, on every GPU: copies count as work, which DCGM leaves out. It is absent under MIG.
- `DCGM_FI_DEV_XID_ERRORS` keeps the last Xid over restarts; it is 0 until there is one. `err_code` and `err_msg` come with it.
- A GPU that does not answer shows its Xids only: dcgm-exporter repeats the last values.
- In OpenMetrics counters are of type `unknown`, since their names do not end as OpenMetrics asks.

## Fields

*Listed* says what dcgm-exporter's own list of fields does with it: on, off, or not there. {supplied} of the {on} that are on are supplied.
"""
_HEADINGS = ("field", "since 4.9", "type", "listed", "supplied from", "unit", "unit since 4.9")


def dcgm_page() -> str:
    """The whole page."""
    on = [field for field in all_fields() if field.listed is Listed.ON]
    supplied = sum(not field.missing for field in on)
    return "\n".join(
        [
            _HEADER.format(on=len(on), supplied=supplied),
            f"| {' | '.join(_HEADINGS)} |",
            f"|{'---|' * len(_HEADINGS)}",
            *map(_row, all_fields()),
            "",
        ]
    )


def _row(field: Field) -> str:
    cells = (
        f"`{field.legacy.name}`",
        "" if field.current is field.legacy else f"`{field.current.name}`",
        field.type,
        field.listed,
        f"not supplied: {field.missing}" if field.missing else ", ".join(_sources(field)),
        field.legacy.unit,
        field.current.unit,
    )
    return f"| {' | '.join(cells)} |"


def _sources(field: Field) -> Iterator[str]:
    if field.special:
        yield (
            field.what if field.type is Type.LABEL else f"{field.what[0].lower()}{field.what[1:]}"
        )
    for term in field.read:
        chosen = f'{{{term.label}="{term.value}"}}' if term.label else ""
        note = " (Hopper and newer)" if "GPM" in term.metric.source else ""
        yield f"`{term.metric.name}{chosen}`{note}"
    yield from (f"of an instance `{term.metric.name}`" for term in field.mig)
