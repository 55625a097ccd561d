"""An objective on what the exporter itself counts, and a past in which one GPU did not keep it."""

from collections.abc import Iterator

from catalog.metrics import availability
from catalog.promql.expr import Foreign, Raw
from history.minute import CounterMinute, Key, Minute
from slo.indicator import Ratio, Slices
from slo.objective import Objective

AVAILABLE = Objective(
    name="gpu-availability",
    service="gpus",
    indicator=Ratio(
        total=Foreign(availability.EXPECTED.name), good=Foreign(availability.AVAILABLE.name)
    ),
    target=0.999,
    by=("uuid",),
)
ELSEWHERE = Objective(
    name="answers", service="inference", indicator=Slices(good=Raw("answers > bool 1")), target=0.9
)
DOCUMENT = f"""\
apiVersion: openslo/v1
kind: Service
metadata: {{name: gpus}}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {AVAILABLE.name}
  annotations: {{gpuvitals.dev/group-by: uuid}}
spec:
  service: gpus
  indicator:
    metadata: {{name: available}}
    spec:
      ratioMetric:
        counter: true
        good: {{metricSource: {{spec: {{query: {availability.AVAILABLE.name}}}}}}}
        total: {{metricSource: {{spec: {{query: {availability.EXPECTED.name}}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.999}}]
"""


def minutes(until: float, *uuids: str, hours: int = 6) -> Iterator[Minute]:
    """The last *hours* before *until*; the last of *uuids* was away for their first ten minutes."""
    first = int(until // 60 - hours * 60) * 60
    for uuid in uuids:
        for metric in (availability.EXPECTED, availability.AVAILABLE):
            away = 10 if uuid == uuids[-1] and metric is availability.AVAILABLE else 0
            for number in range(hours * 60):
                increase = 0.0 if number < away else 60.0
                yield CounterMinute(
                    at=first + number * 60,
                    key=Key(uuid, metric),
                    increase=increase,
                    last=60.0 * number,
                )
