"""The gauges of the probes, from what is known of a GPU."""

from catalog.metrics import probes
from exporter.probing.showing import Gauges
from probes.active.record import Health, Record, Seen


def test_the_baseline_is_shown_once_it_is_learned() -> None:
    """It is the median of the first eight healthy runs; before that nobody knows what is usual."""

    def shown(*runs: float) -> float | None:
        record = Record(
            outcome="success",
            verdict=Health.HEALTHY,
            seen={"read": Seen(value=4.1e12)},
            baselines={"read": runs},
        )
        reading = Gauges().reading("GPU-1", {"memory-bandwidth": record}, 0.0)
        values = dict(zip(reading.layout.series, reading.values, strict=True))
        return values.get((probes.BASELINE, ("memory-bandwidth", "read")))

    assert shown(*[4.0e12] * 7) is None
    assert shown(*[4.0e12] * 3, *[4.2e12] * 5) == 4.2e12
