"""How busy the engines of a GPU are, as the driver averages them over its last sample period."""

from catalog.metric import Kind, Metric, Unit

UTILIZATION = Metric(
    name="gpu_utilization_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Share of the driver's last sample period (1/6 to 1 s) with any work on the GPU, copies included; not SM use.",
    source="nvmlDeviceGetUtilizationRates",
    history=True,
)
MEMORY_CONTROLLER = Metric(
    name="gpu_memory_controller_utilization_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Share of the driver's last sample period in which device memory was read or written.",
    source="nvmlDeviceGetUtilizationRates",
    history=True,
)
ENCODER = Metric(
    name="gpu_encoder_utilization_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Utilisation of the video encoder.",
    source="nvmlDeviceGetEncoderUtilization",
)
DECODER = Metric(
    name="gpu_decoder_utilization_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Utilisation of the video decoder.",
    source="nvmlDeviceGetDecoderUtilization",
)
JPEG = Metric(
    name="gpu_jpeg_utilization_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Utilisation of the JPEG decoder.",
    source="nvmlDeviceGetJpgUtilization",
)
OFA = Metric(
    name="gpu_ofa_utilization_ratio",
    kind=Kind.GAUGE,
    unit=Unit.RATIO,
    help="Utilisation of the optical flow accelerator.",
    source="nvmlDeviceGetOfaUtilization",
)
BUSY = Metric(
    name="gpu_busy_seconds_total",
    kind=Kind.COUNTER,
    unit=Unit.SECONDS,
    help="Seconds with any work on the GPU: a 1 Hz integral of gpu_utilization_ratio, hence an estimate.",
    source="gpuvitals",
    history=True,
    integrates=UTILIZATION,
)

FAMILIES = (UTILIZATION, MEMORY_CONTROLLER, ENCODER, DECODER, JPEG, OFA, BUSY)
