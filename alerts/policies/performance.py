"""A GPU that is slower than it should be: heat, power, clocks.

A software power cap and application clocks are no alerts: in a healthy training they are on nine tenths of the time.
"""

from alerts.example import Given, steady
from alerts.policy import Policy, Scope, Severity
from catalog.limits import LOADED, STUCK
from catalog.metrics import clocks, temperature, utilization
from catalog.promql import functions as q

MARGIN_CELSIUS = 2.0
HELD_SECONDS = 60
"""Seconds out of five minutes for which hardware slowed the GPU down: a fifth of its work is affected."""
_SM = q.select(clocks.CLOCK, clock="sm")
_BUSY = q.select(utilization.UTILIZATION)


def _held(name: str, reason: str, meaning: str, first: str) -> Policy:
    seconds = q.select(clocks.EVENT_SECONDS, reason=reason)
    return Policy(
        name=name,
        scope=Scope.GPU,
        severity=Severity.PAGE,
        condition=q.increase(seconds, "5m") > HELD_SECONDS,
        example=(Given(series=seconds, bad=HELD_SECONDS / 4, short=HELD_SECONDS / 6),),
        meaning=meaning,
        value="{{ $value }} seconds of the last 300.",
        action=first,
        lasting="2m",
    )


THERMAL = _held(
    "GpuThermalSlowdown",
    "hw_thermal_slowdown",
    "The GPU is too hot, and its hardware halves its clocks or worse.",
    "Check fans, inlet temperature and coolant of the node, and whether its neighbours are hot too.",
)
POWER_BRAKE = _held(
    "GpuPowerBrake",
    "hw_power_brake_slowdown",
    "The power supply told the GPU to slow down: a unit failed, or the node draws too much.",
    "Check the power supplies of the node and the feeds of its rack.",
)
MARGIN = Policy(
    name="GpuTemperatureMarginSmall",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.select(temperature.MARGIN) <= MARGIN_CELSIUS,
    least=True,
    example=(
        Given(
            series=q.select(temperature.MARGIN),
            bad=MARGIN_CELSIUS,
            short=MARGIN_CELSIUS + 1,
            good=30,
        ),
    ),
    meaning="The GPU is about to slow down for heat.",
    value="{{ $value }} degrees are left.",
    action="Compare it with its neighbours, then check airflow, coolant and heat sink.",
    lasting="10m",
    explained_by=("GpuThermalSlowdown",),
)
CLOCK_LOW = Policy(
    name="GpuClockLowUnderLoad",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=(q.ratio(_SM, q.select(clocks.CLOCK_MAX, clock="sm"), "instance", "uuid") < STUCK)
    .and_on(_BUSY >= LOADED, "instance", "uuid")
    .unless_on(q.select(clocks.EVENT_ACTIVE).equals(1), "instance", "uuid"),
    least=True,
    example=(
        Given(series=_SM, bad=4e8, short=1.1e9, good=1.9e9),
        steady(q.select(clocks.CLOCK_MAX, clock="sm"), 2e9),
        steady(_BUSY, 0.9),
        steady(q.select(clocks.EVENT_ACTIVE, reason="sw_power_cap"), 0),
    ),
    others=(
        (
            Given(series=_SM, bad=4e8, short=4e8, good=1.9e9),
            steady(q.select(clocks.CLOCK_MAX, clock="sm"), 2e9),
            steady(_BUSY, 0.9),
            Given(series=q.select(clocks.EVENT_ACTIVE, reason="sw_power_cap"), bad=0, short=1),
        ),
        (
            Given(series=_SM, bad=4e8, short=4e8, good=1.9e9),
            steady(q.select(clocks.CLOCK_MAX, clock="sm"), 2e9),
            Given(series=_BUSY, bad=LOADED, short=0.4, good=0.9),
        ),
    ),
    meaning="The GPU works at a low clock, and nothing that may hold it down does.",
    value="Its SM clock is {{ $value }} of its maximum.",
    action="Look for locked clocks (`nvidia-smi -q -d CLOCK`), then drain the GPU and reset it.",
    lasting="5m",
    explained_by=("GpuThermalSlowdown", "GpuPowerBrake"),
)

POLICIES = (THERMAL, POWER_BRAKE, MARGIN, CLOCK_LOW)
