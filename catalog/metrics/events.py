"""Xids: errors that the driver reported.

The kernel log is the authority where it can be read, for NVML delivers neither 79 nor 119 nor 120. `gpuvitals xid CODE`
explains a code. Codes that page or ticket are there at 0 from the start, as far as this model of GPU reports them.
"""

from catalog.metric import Kind, Metric, Unit

XID_ERRORS = Metric(
    name="gpu_xid_errors_total",
    kind=Kind.COUNTER,
    help="Xids by code and by what they ask for.",
    source="kernel log, else nvmlEventSetWait_v2",
    labels=("xid", "action"),
    history=True,
)
XID_LAST = Metric(
    name="gpu_xid_last_timestamp_seconds",
    kind=Kind.GAUGE,
    unit=Unit.SECONDS,
    help="When this Xid was last reported, in seconds since 1970.",
    source="kernel log, else nvmlEventSetWait_v2",
    labels=("xid",),
)

FAMILIES = (XID_ERRORS, XID_LAST)
