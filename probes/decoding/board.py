"""Power, heat and clocks of a GPU."""

from collections.abc import Mapping

from catalog.metrics import clocks, power, temperature
from probes.answers import INTEGERS, Asker, is_blank, number
from probes.decoding.units import MEGA, MILLI, NANO, PERCENT
from probes.driver import Field
from probes.gpu import Number, Power

# nvmlClocksEventReason*: the position of each bit is its place in `clocks.REASONS`.
_REASON_BITS = tuple((1 << bit, reason) for bit, reason in enumerate(clocks.REASONS))
# The driver's own nanosecond counters; a field answered as a double there is not one (driver 580 answers 0.0).
_REASON_FIELDS = {
    "sw_power_cap": Field.PERF_POLICY_POWER,
    "sync_boost": Field.PERF_POLICY_SYNC_BOOST,
    "sw_thermal_slowdown": Field.CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN,
    "hw_thermal_slowdown": Field.CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN,
    "hw_power_brake_slowdown": Field.CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN,
}


class Board:
    """A part of a GPU's answers."""

    asker: Asker

    def power(self) -> Power:
        (average,) = self.asker.fields((Field.POWER_AVERAGE, 0), types=INTEGERS)
        return Power(
            now=self.asker.number("nvmlDeviceGetPowerUsage", parts=MILLI),
            average=None if average is None else average / MILLI,
        )

    def power_limits(self) -> Mapping[str, Number]:
        constraints = self.asker.sequence("nvmlDeviceGetPowerManagementLimitConstraints") or (
            None,
            None,
        )
        enforced = self.asker.number("nvmlDeviceGetEnforcedPowerLimit", parts=MILLI)
        default = self.asker.number("nvmlDeviceGetPowerManagementDefaultLimit", parts=MILLI)
        limits = (enforced, default, *(number(limit, parts=MILLI) for limit in constraints))
        return dict(zip(power.LIMITS, limits, strict=True))

    def energy_joules(self) -> Number:
        return self.asker.number("nvmlDeviceGetTotalEnergyConsumption", parts=MILLI)

    def temperatures(self) -> Mapping[str, Number]:
        (memory,) = self.asker.fields((Field.MEMORY_TEMP, 0), types=INTEGERS)
        # 0 is what boards without a sensor for their memory answer.
        return {
            "gpu": self.asker.number("nvmlDeviceGetTemperature", 0),
            "memory": memory or None,
        }

    def temperature_margin(self) -> Number:
        return self.asker.number("nvmlDeviceGetMarginTemperature")

    def temperature_thresholds(self) -> Mapping[str, Number]:
        return {
            name: self.asker.number("nvmlDeviceGetTemperatureThreshold", kind)
            for kind, name in enumerate(temperature.THRESHOLDS)
        }

    def fans(self) -> tuple[Number, ...]:
        count = self.asker.ask("nvmlDeviceGetNumFans")
        fans = range(count) if isinstance(count, int) and not is_blank(count) else ()
        return tuple(
            self.asker.number("nvmlDeviceGetFanSpeed_v2", fan, parts=PERCENT) for fan in fans
        )

    def clocks(self) -> Mapping[str, Number]:
        return self._clocks("nvmlDeviceGetClockInfo")

    def max_clocks(self) -> Mapping[str, Number]:
        return self._clocks("nvmlDeviceGetMaxClockInfo")

    def _clocks(self, question: str) -> Mapping[str, Number]:
        return {
            name: self.asker.number(question, kind, times=MEGA)
            for kind, name in enumerate(clocks.CLOCKS)
        }

    def performance_state(self) -> Number:
        return self.asker.number("nvmlDeviceGetPerformanceState")

    def clock_events(self) -> frozenset[str] | None:
        bits = self.asker.ask("nvmlDeviceGetCurrentClocksEventReasons")
        if not isinstance(bits, int) or is_blank(bits):
            return None
        return frozenset(reason for bit, reason in _REASON_BITS if bits & bit)

    def clock_event_seconds(self) -> Mapping[str, Number]:
        values = self.asker.fields(
            *((field, 0) for field in _REASON_FIELDS.values()), types=INTEGERS
        )
        return {
            reason: None if value is None else value / NANO
            for reason, value in zip(_REASON_FIELDS, values, strict=True)
        }
