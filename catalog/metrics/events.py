"""Xids and SXids: errors that the driver reported of GPUs and of NVSwitches.

The kernel log is the authority where it can be read, for NVML delivers neither 79 nor 119 nor 120. `gpuvitals xid CODE`
explains a code, with `--sxid` one of a switch. Codes that page or ticket are there at 0 from the start, as far as this model of GPU reports them; those of a switch from when the system or the log names it.
"""

from catalog.metric import Kind, Metric, Scope, Unit

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
    help="When an Xid of this code that asks for this was last reported, in seconds since 1970.",
    source="kernel log, else nvmlEventSetWait_v2",
    labels=("xid", "action"),
)
PROBE_XIDS = Metric(
    name="gpu_probe_xid_errors_total",
    kind=Kind.COUNTER,
    help="Xids of the application kind that an active probe of our own caused; none of them is in gpu_xid_errors_total.",
    source="kernel log",
    history=True,
)
SXID_ERRORS = Metric(
    name="gpu_nvswitch_sxid_errors_total",
    kind=Kind.COUNTER,
    help="SXids by NVSwitch (its PCI address), by code and by what they ask for.",
    source="kernel log",
    labels=("nvswitch", "sxid", "action"),
    scope=Scope.NODE,
    history=True,
)
SXID_LAST = Metric(
    name="gpu_nvswitch_sxid_last_timestamp_seconds",
    kind=Kind.GAUGE,
    unit=Unit.SECONDS,
    help="When an SXid of this NVSwitch and code that asks for this was last reported, in seconds since 1970.",
    source="kernel log",
    labels=("nvswitch", "sxid", "action"),
    scope=Scope.NODE,
)

FAMILIES = (XID_ERRORS, XID_LAST, PROBE_XIDS, SXID_ERRORS, SXID_LAST)
