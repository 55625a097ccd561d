"""NVLink: summed over links by default; the families with a `link` label are a switch of the operator's."""

from catalog.metric import Kind, Metric, Unit

LINK_STATES = ("active", "inactive")
ERROR_KINDS = ("crc", "replay", "recovery", "ecc")

LINKS = Metric(
    name="gpu_nvlink_links",
    kind=Kind.GAUGE,
    help="NVLink links by state.",
    source="nvmlDeviceGetNvLinkState",
    labels=("state",),
    plausible=(0, 64),
    history=True,
)
RECEIVE = Metric(
    name="gpu_nvlink_receive_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Payload bytes received over all links.",
    source="NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX",
    history=True,
)
TRANSMIT = Metric(
    name="gpu_nvlink_transmit_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Payload bytes sent over all links.",
    source="NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX",
    history=True,
)
ERRORS = Metric(
    name="gpu_nvlink_errors_total",
    kind=Kind.COUNTER,
    help="Errors of the links, summed over them.",
    source="NVML_FI_DEV_NVLINK_ERROR_DL_*, else nvmlDeviceGetNvLinkErrorCounter",
    labels=("kind",),
    history=True,
)
LINK_ACTIVE = Metric(
    name="gpu_nvlink_link_active",
    kind=Kind.GAUGE,
    help="Whether this link is up.",
    source="nvmlDeviceGetNvLinkState",
    labels=("link",),
    plausible=(0, 1),
)
LINK_RECEIVE = Metric(
    name="gpu_nvlink_link_receive_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Payload bytes received over this link.",
    source="NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX",
    labels=("link",),
)
LINK_TRANSMIT = Metric(
    name="gpu_nvlink_link_transmit_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Payload bytes sent over this link.",
    source="NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX",
    labels=("link",),
)
LINK_ERRORS = Metric(
    name="gpu_nvlink_link_errors_total",
    kind=Kind.COUNTER,
    help="Errors of this link.",
    source="NVML_FI_DEV_NVLINK_ERROR_DL_*, else nvmlDeviceGetNvLinkErrorCounter",
    labels=("link", "kind"),
)

FAMILIES = (
    LINKS,
    RECEIVE,
    TRANSMIT,
    ERRORS,
    LINK_ACTIVE,
    LINK_RECEIVE,
    LINK_TRANSMIT,
    LINK_ERRORS,
)
