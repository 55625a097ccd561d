"""The gauges of the probes on one GPU, from what is known of each; of a peer link the worst of its pairs."""

from collections.abc import Iterable, Iterator, Mapping

from catalog.metric import Sample
from catalog.metrics import probes
from catalog.snapshot import Layout, Reading
from probes.active import baseline
from probes.active.record import Health, Record, Seen
from probes.active.verdict import LAUNCH

_GRAVEST = (Health.FAILED, Health.DEGRADED, Health.HEALTHY)
Records = Mapping[str, Record]
"""By task, for a pair by task and peer with a space between."""


def of_task(records: Records, task: str) -> dict[str, Record]:
    """The records of *task*: one, or one per peer, by the peer's UUID."""
    found = {}
    for key, record in records.items():
        name, _, peer = key.partition(" ")
        if name == task:
            found[peer] = record
    return found


def verdict(records: Iterable[Record]) -> Health | None:
    """The gravest of the verdicts, None if there is none."""
    held = {record.verdict for record in records}
    return next((health for health in _GRAVEST if health in held), None)


class Gauges:
    """Readings of gauges; the layout stays the same as long as the series do."""

    def __init__(self) -> None:
        self._layouts: dict[str, Layout] = {}

    def reading(self, uuid: str, records: Records, at: float) -> Reading:
        samples = [
            sample
            for task in dict.fromkeys(key.partition(" ")[0] for key in records)
            for sample in _task(task, list(of_task(records, task).values()))
        ]
        series = tuple((sample.metric, sample.labels) for sample in samples)
        layout = self._layouts.get(uuid)
        if layout is None or layout.series != series:
            layout = self._layouts[uuid] = Layout(series)
        values = tuple(sample.value for sample in samples)
        return Reading(at=at, layout=layout, values=values)


def _task(task: str, records: list[Record]) -> Iterator[Sample]:
    ran = [record for record in records if record.outcome]
    health = verdict(ran)
    if ran:
        last = max(ran, key=lambda record: record.ran_at)
        well = health is Health.HEALTHY and last.outcome == "success"
        yield from probes.SUCCESS.reading(well, probe=task)
        yield from probes.SMS_COVERED.reading(last.sms_covered, probe=task)
    if health is not None:
        for each in probes.VERDICTS:
            yield from probes.VERDICT.reading(each == health.value, probe=task, verdict=each)
        oldest = min(record.verdict_at for record in ran if record.verdict is not None)
        yield from probes.LAST_VERDICT.reading(oldest, probe=task)
    for direction, (seen, usual) in _lowest(ran).items():
        yield from probes.BANDWIDTH.reading(seen.value, probe=task, direction=direction)
        yield from probes.BASELINE.reading(usual, probe=task, direction=direction)
        yield from probes.PEAK_RATIO.reading(seen.share, probe=task, direction=direction)


def _lowest(records: Iterable[Record]) -> dict[str, tuple[Seen, float | None]]:
    """Bandwidths by direction, with the baseline of whatever it is the bandwidth of; latencies are in the histogram."""
    lowest: dict[str, tuple[Seen, float | None]] = {}
    for record in records:
        for name, seen in record.seen.items():
            if name != LAUNCH and (name not in lowest or seen.value < lowest[name][0].value):
                lowest[name] = seen, baseline.typical(record.baselines.get(name, ()))
    return lowest
