"""What is counted of readings that go wrong, and from when on."""

import logging

import pytest

from exporter.collector_counts import CollectorCounts
from exporter.exposition import Format
from exporter.prometheus import Instruments
from probes.messages import NewReading


def lines(instruments: Instruments) -> list[str]:
    """Our own counters that failures go to."""
    text = instruments.render(Format.TEXT).splitlines()
    families = ("collector_failures", "values_rejected", "series_dropped")
    return [
        line for line in text if line.startswith(tuple(f"gpuvitals_{each}" for each in families))
    ]


def test_every_series_that_will_ever_be_is_there_at_zero() -> None:
    """Whatever a reading brings adds to a series that Prometheus has seen at 0."""
    instruments = Instruments()
    counts = CollectorCounts(instruments)
    counts.begin({"power", "ecc"}, ["gpu_process_memory_bytes"])
    before = lines(instruments)

    reading = NewReading(
        layout=1,
        at=1.0,
        values=(),
        durations=(),
        failures=(("power", "unknown"), ("power", "KeyError"), ("ecc", "error_11")),
        rejected=(("power", "gpu_power_watts", "blank"), ("ecc", "gpu_ecc_mode", "out_of_range")),
        dropped=(("gpu_process_memory_bytes", 3),),
    )
    counts.count("GPU-a", reading)
    counts.events_failed("uninitialized")

    after = lines(instruments)
    assert {line.rpartition(" ")[2] for line in before} == {"0"}
    assert [line.rpartition(" ")[0] for line in after] == [
        line.rpartition(" ")[0] for line in before
    ]
    assert len(before) == (2 + 1) * 4 + 2 * 2 + 1
    assert 'gpuvitals_collector_failures_total{collector="power",reason="other"} 1' in after
    assert 'gpuvitals_collector_failures_total{collector="events",reason="other"} 1' in after


def test_what_a_label_does_not_tell_is_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    """The error's own name and the metric, per GPU; not again every second."""
    counts = CollectorCounts(Instruments())
    reading = NewReading(
        layout=1,
        at=1.0,
        values=(),
        durations=(),
        failures=(("ecc", "error_11"),),
        rejected=(("power", "gpu_power_watts", "blank"),),
    )

    with caplog.at_level(logging.WARNING):
        for uuid in ("GPU-a", "GPU-a", "GPU-b"):
            counts.count(uuid, reading)

    said = [(record.getMessage(), vars(record)["uuid"]) for record in caplog.records]
    assert said == [
        ("collector.failed", "GPU-a"),
        ("value.rejected", "GPU-a"),
        ("collector.failed", "GPU-b"),
        ("value.rejected", "GPU-b"),
    ]
    assert (vars(caplog.records[0])["reason"], vars(caplog.records[1])["metric"]) == (
        "error_11",
        "gpu_power_watts",
    )
