"""The link to the host: bytes, errors, generation and width.

Bytes are those on the link, packet headers included, as DCGM counts them too: large copies show 8 % (in) and 9 % (out)
above their payload, since every 256 bytes travel with a header of 20 or 24 (measured on an H200, two counters agreeing).
They are never read from NVML_FI_DEV_PCIE_COUNT_TX_BYTES and its twin, which wrap at 2^32 (in 1.4 s at 3 GB/s).
"""

from catalog.metric import Kind, Metric, Unit

RECEIVE_RATE = Metric(
    name="gpu_pcie_receive_bytes_per_second",
    kind=Kind.GAUGE,
    unit=Unit.BYTES_PER_SECOND,
    help="Rate into the GPU over the link, packet headers included, averaged by GPM since the reading before. Hopper and newer.",
    source="NVML_GPM_METRIC_PCIE_RX_PER_SEC",
)
TRANSMIT_RATE = Metric(
    name="gpu_pcie_transmit_bytes_per_second",
    kind=Kind.GAUGE,
    unit=Unit.BYTES_PER_SECOND,
    help="Rate out of the GPU over the link, packet headers included, averaged by GPM since the reading before. Hopper and newer.",
    source="NVML_GPM_METRIC_PCIE_TX_PER_SEC",
)
RECEIVE = Metric(
    name="gpu_pcie_receive_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Bytes into the GPU over the link, packet headers included (see gpu_pcie_receive_bytes_per_second, whose integral it is).",
    source="gpuvitals",
    history=True,
    integrates=RECEIVE_RATE,
)
TRANSMIT = Metric(
    name="gpu_pcie_transmit_bytes_total",
    kind=Kind.COUNTER,
    unit=Unit.BYTES,
    help="Bytes out of the GPU over the link, packet headers included (see gpu_pcie_transmit_bytes_per_second, whose integral it is).",
    source="gpuvitals",
    history=True,
    integrates=TRANSMIT_RATE,
)
REPLAYS = Metric(
    name="gpu_pcie_replays_total",
    kind=Kind.COUNTER,
    help="Packets sent again because the link corrupted them.",
    source="nvmlDeviceGetPcieReplayCounter",
    history=True,
)
CORRECTABLE = Metric(
    name="gpu_pcie_correctable_errors_total",
    kind=Kind.COUNTER,
    help="Correctable errors of the PCIe link.",
    source="NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS",
)
NON_FATAL = Metric(
    name="gpu_pcie_non_fatal_errors_total",
    kind=Kind.COUNTER,
    help="Uncorrectable errors of the PCIe link that did not take it down.",
    source="NVML_FI_DEV_PCIE_COUNT_NON_FATAL_ERROR",
)
FATAL = Metric(
    name="gpu_pcie_fatal_errors_total",
    kind=Kind.COUNTER,
    help="Fatal errors of the PCIe link.",
    source="NVML_FI_DEV_PCIE_COUNT_FATAL_ERROR",
)
BAD_TLP = Metric(
    name="gpu_pcie_bad_tlp_total",
    kind=Kind.COUNTER,
    help="Malformed transaction layer packets received.",
    source="NVML_FI_DEV_PCIE_COUNT_BAD_TLP",
)
GENERATION = Metric(
    name="gpu_pcie_link_generation",
    kind=Kind.GAUGE,
    help="PCIe generation of the link now; it falls when the GPU is idle on some boards.",
    source="nvmlDeviceGetCurrPcieLinkGeneration",
    plausible=(1, 9),
)
GENERATION_MAX = Metric(
    name="gpu_pcie_link_max_generation",
    kind=Kind.GAUGE,
    help="Highest PCIe generation that GPU and slot support together.",
    source="nvmlDeviceGetMaxPcieLinkGeneration",
    plausible=(1, 9),
)
WIDTH = Metric(
    name="gpu_pcie_link_width",
    kind=Kind.GAUGE,
    help="Lanes of the link now.",
    source="nvmlDeviceGetCurrPcieLinkWidth",
    plausible=(1, 32),
    history=True,
)
WIDTH_MAX = Metric(
    name="gpu_pcie_link_max_width",
    kind=Kind.GAUGE,
    help="Most lanes that GPU and slot support together.",
    source="nvmlDeviceGetMaxPcieLinkWidth",
    plausible=(1, 32),
)

FAMILIES = (
    RECEIVE_RATE,
    TRANSMIT_RATE,
    RECEIVE,
    TRANSMIT,
    REPLAYS,
    CORRECTABLE,
    NON_FATAL,
    FATAL,
    BAD_TLP,
    GENERATION,
    GENERATION_MAX,
    WIDTH,
    WIDTH_MAX,
)
