"""What takes a GPU out of ok, what brings it back, and what is told of it: rules by a table, then what holds for all of them."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from catalog.event import EventKind
from catalog.finding import Finding, State
from catalog.metrics import availability, clocks, ecc, memory, mig, nvlink, pcie, utilization
from catalog.snapshot import Series, Tier
from exporter.health.causes import AFTER, BY_NAME, CAUSES, LIVENESS
from tests.exporter.health.ward import Ward, uuid

Row = tuple[Series, float]

BUSY: Row = (utilization.UTILIZATION, ()), 0.9
IDLE: Row = (utilization.UTILIZATION, ()), 0.0
CLOCK: Series = (clocks.CLOCK, ("sm",))
LINK = (
    ((pcie.GENERATION, ()), 5.0),
    ((pcie.GENERATION_MAX, ()), 5.0),
    ((pcie.WIDTH_MAX, ()), 16.0),
)


def flag(metric: object, *labels: str) -> tuple[Row, ...]:
    """One row that is set."""
    return (((metric, labels), 1.0),)  # type: ignore[return-value]


def held(*reasons: str) -> tuple[Row, ...]:
    """A second in which *reasons* hold the clocks of a busy GPU."""
    active = tuple(
        ((clocks.EVENT_ACTIVE, (name,)), float(name in reasons)) for name in clocks.REASONS
    )
    return (BUSY, (CLOCK, 1980e6), *active)


# -- one row per cause -------------------------------------------------------------------------------------------------

# What a reading says, in which tier, how long it must say so, and the cause; the same readings without it clear it.
RULES: dict[str, tuple[Tier, tuple[Row, ...], float]] = {
    **{
        f"recovery_{action}": (Tier.SLOW, flag(ecc.RECOVERY_ACTION, action), 0)
        for action in ecc.ACTIONS
        if action != "none"
    },
    "row_remap_pending": (Tier.SLOW, flag(ecc.REMAP_PENDING), 0),
    "row_remap_failure": (Tier.SLOW, flag(ecc.REMAP_FAILURE), 0),
    "remap_banks_exhausted": (Tier.SLOW, flag(ecc.REMAP_BANKS, "none"), 0),
    "sram_threshold_exceeded": (Tier.SLOW, flag(ecc.SRAM_THRESHOLD), 0),
    "memory_unrepairable": (Tier.SLOW, flag(ecc.UNREPAIRABLE), 0),
    "page_retirement_pending": (Tier.SLOW, flag(ecc.RETIREMENT_PENDING), 0),
    "channel_repair_pending": (Tier.SLOW, flag(ecc.REPAIR_PENDING, "channel"), 0),
    "tpc_repair_pending": (Tier.SLOW, flag(ecc.REPAIR_PENDING, "tpc"), 0),
    "pcie_link_below_maximum": (Tier.SLOW, (*LINK, ((pcie.WIDTH, ()), 8.0)), 0),
    "nvlink_down": (
        Tier.MEDIUM,
        (((nvlink.LINKS, ("active",)), 17.0), ((nvlink.LINKS, ("inactive",)), 1.0)),
        0,
    ),
    "hw_thermal_slowdown": (Tier.FAST, held("hw_thermal_slowdown", "hw_slowdown"), 10),
    "hw_power_brake_slowdown": (Tier.FAST, held("hw_power_brake_slowdown", "hw_slowdown"), 10),
    "hw_slowdown": (Tier.FAST, held("hw_slowdown"), 10),
    "only_blanks": (Tier.FAST, (), 5),
}


def well(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same reading of a GPU that has nothing."""
    good = {(pcie.WIDTH, ()): 16.0, (nvlink.LINKS, ("active",)): 18.0}
    keep = (BUSY, (CLOCK, 1980e6), *LINK)
    return tuple(row if row in keep else (row[0], good.get(row[0], 0.0)) for row in rows) or held()


@pytest.mark.parametrize("name", RULES)
def test_a_cause_gives_its_state_and_takes_it_back(name: str) -> None:
    """As long as a reading says so and its hold lasts; what must last is not believed at once."""
    tier, rows, after = RULES[name]
    ward = Ward()
    ward.say(Tier.FAST, *held())
    cause = BY_NAME[name]

    for _ in range(int(after)):
        ward.say(tier, *rows)
        assert ward.state() == ("ok", "")
        ward.wait(1)
    ward.say(tier, *rows)

    assert ward.state() == (cause.state, name)
    ward.wait(1)
    ward.say(tier, *well(rows))
    ward.wait(cause.hold + 1)
    assert ward.state()[1] != name


def test_every_cause_has_a_test() -> None:
    """Those that are not in the table are below."""
    others = {"ecc_uncorrected", "clock_stuck", "sw_thermal_slowdown"}

    xids = {cause.name for cause in CAUSES if cause.name.startswith("xid_")}
    assert RULES.keys() | others | xids == BY_NAME.keys()


def test_uncorrected_errors_that_grow_degrade_for_ten_minutes() -> None:
    """How many and where is told, each time that there are more; what was there before we looked is nobody's news."""
    ward = Ward()
    dram, sram = ((ecc.ERRORS, ("uncorrected", place)) for place in ("dram", "sram"))
    ward.say(Tier.SLOW, (dram, 7.0), (sram, 0.0))
    assert ward.state() == ("ok", "")

    ward.wait(60)
    ward.say(Tier.SLOW, (dram, 9.0), (sram, 1.0))

    assert ward.state() == ("degraded", "ecc_uncorrected")
    assert (
        EventKind.ECC_UNCORRECTED,
        "GPU 0: uncorrected ECC errors: 2 in DRAM, 1 in SRAM",
    ) in ward.told()
    ward.wait(60)
    ward.say(Tier.SLOW, (dram, 12.0), (sram, 1.0))
    assert ward.told()[0][1] == "GPU 0: uncorrected ECC errors: 3 in DRAM"
    ward.say(Tier.SLOW, (dram, 12.0), (sram, 1.0))
    ward.wait(1210)
    assert ward.state() == ("ok", "")


def test_a_clock_is_stuck_only_under_load_and_without_a_reason() -> None:
    """An idle clock is low, and so is one that a power cap holds."""
    ward = Ward()
    ward.say(Tier.ONCE, ((clocks.CLOCK_MAX, ("sm",)), 1980e6))
    low = (CLOCK, 345e6)
    for rows in (
        (IDLE, low, *held("gpu_idle")[2:]),
        (BUSY, low, *held("sw_power_cap")[2:]),
        (BUSY, (CLOCK, 1200e6), *held()[2:]),
    ):
        for _ in range(40):
            ward.say(Tier.FAST, *rows)
            ward.wait(1)
        assert ward.state() == ("ok", "")

    for _ in range(32):
        ward.say(Tier.FAST, BUSY, low, *held()[2:])
        ward.wait(1)

    assert ward.state() == ("degraded", "clock_stuck")
    assert ward.told()[0] == (
        EventKind.CLOCK_STUCK,
        "GPU 0: SM clock stuck at 345 of 1980 MHz",
    )


def test_software_throttling_is_said_and_no_more() -> None:
    """The thermal one is an event; the power cap, which healthy training runs into all day, is none."""
    ward = Ward()
    for reason in ("sw_thermal_slowdown", "sw_power_cap"):
        for _ in range(30):
            ward.say(Tier.FAST, *held(reason))
            ward.wait(1)

    assert ward.state() == ("ok", "")
    assert ward.told() == [(EventKind.THROTTLE, "GPU 0: software thermal slowdown")]
    assert [finding.cause for finding in ward.hub.latest.gpus[uuid(0)].findings] == [
        "sw_thermal_slowdown"
    ]


def test_a_link_that_saves_power_is_not_judged() -> None:
    """Boards lower the generation when idle; what was found while it worked stays until it is seen well."""
    slow = (*LINK[1:], ((pcie.GENERATION, ()), 1.0), ((pcie.WIDTH, ()), 16.0))
    ward = Ward()
    ward.say(Tier.FAST, IDLE)
    ward.say(Tier.SLOW, *slow)
    assert ward.state() == ("ok", "")

    ward.say(Tier.FAST, BUSY)
    ward.say(Tier.SLOW, *slow)
    ward.wait(300)
    ward.say(Tier.FAST, IDLE)
    ward.say(Tier.SLOW, *slow)

    assert ward.state() == ("degraded", "pcie_link_below_maximum")
    assert (EventKind.PCIE_LINK, "GPU 0: PCIe gen 1 of gen 5") in ward.told()


def test_what_a_blank_hides_is_not_over() -> None:
    """A reading that cannot tell says nothing of a pending remap."""
    ward = Ward()
    ward.say(Tier.SLOW, ((ecc.REMAP_PENDING, ()), 1.0))

    ward.say(Tier.SLOW, ((ecc.REMAP_FAILURE, ()), 0.0))

    assert ward.state() == ("degraded", "row_remap_pending")


# -- damping -----------------------------------------------------------------------------------------------------------


def test_a_throttle_that_flips_each_second_is_one_pair() -> None:
    """One event when it begins, one when it has been gone for a minute."""
    ward = Ward()
    for second in range(120):
        ward.say(Tier.FAST, *held(*(("hw_thermal_slowdown",) if second % 2 else ())))
        ward.wait(1)
    for _ in range(70):
        ward.say(Tier.FAST, *held())
        ward.wait(1)

    kinds = [kind for kind, _ in ward.told()]
    assert kinds.count(EventKind.THROTTLE) == 2
    assert kinds.count(EventKind.GPU_DEGRADED) == kinds.count(EventKind.GPU_OK) == 1


def test_a_short_throttle_is_none() -> None:
    """A blip a minute is what the counters of seconds are for."""
    ward = Ward()
    for second in range(600):
        ward.say(Tier.FAST, *held(*(("hw_thermal_slowdown",) if second % 61 == 0 else ())))
        ward.wait(1)

    assert ward.told() == []


def test_each_return_within_an_hour_is_watched_longer() -> None:
    """One minute of recovering, then two, then four; a fault counts at once all the same."""
    ward = Ward()
    took = []
    for _ in range(3):
        ward.answer("hung", "call_overdue")
        assert ward.state() == ("hung", "call_overdue")
        ward.wait(5)
        ward.answer("ok")
        assert ward.state() == ("recovering", "after_hung")
        began = ward.now
        while ward.state()[0] == "recovering":
            ward.wait(1)
        took.append(ward.now - began)

    assert took == [60, 120, 240]


def test_a_reading_older_than_the_clock_makes_nothing_longer() -> None:
    """Readings arrive a moment after they began; that is no clock that was set back."""
    ward = Ward()
    ward.answer("hung", "call_overdue")
    ward.answer("ok")
    for _ in range(61):
        ward.wait(1)
        ward.now -= 0.05
        ward.say(Tier.FAST, *held())
        ward.now += 0.05

    assert ward.state() == ("ok", "")


# -- Xids and probes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["reset_gpu", "reboot_node", "contact_support"])
def test_an_xid_makes_it_unhealthy_until_the_gpu_needs_nothing(action: str) -> None:
    """The recovery action outranks it, once the driver had time to set it."""
    none = ((ecc.RECOVERY_ACTION, ("none",)), 1.0)
    ward = Ward()
    ward.watch.xid(uuid(0), action, "Xid 95: uncontained")
    ward.say(Tier.SLOW, none)
    assert ward.state() == ("unhealthy", f"xid_{action}")

    ward.wait(15)
    ward.say(Tier.SLOW, none)

    assert ward.state() == ("recovering", "after_unhealthy")


def test_an_xid_that_asks_to_restart_the_application_changes_nothing() -> None:
    """It is the user's affair."""
    ward = Ward()

    ward.watch.xid(uuid(0), "restart_app", "Xid 31")

    assert ward.state() == ("ok", "")


def test_a_reset_a_new_driver_or_another_boot_forgives_xids() -> None:
    """A GPU without a recovery action is well when it was lost and is back, its counters began anew, or its driver did."""
    errors = (ecc.ERRORS, ("uncorrected", "dram"))
    for forgive in (
        lambda ward: (ward.answer("lost"), ward.answer("ok")),
        lambda ward: ward.watch.driver_loaded() or ward.wait(1),
        lambda ward: ward.say(Tier.SLOW, (errors, 0.0)),
    ):
        ward = Ward()
        ward.say(Tier.SLOW, (errors, 3.0))
        ward.watch.xid(uuid(0), "reset_gpu", "Xid 95")
        assert ward.state()[0] == "unhealthy"
        forgive(ward)
        ward.wait(1)
        assert ward.state()[0] == "recovering"


def test_a_probe_degrades_and_fails_a_gpu() -> None:
    """Its finding holds until it is cleared, with the gravest in front."""
    ward = Ward()
    slow = Finding(cause="probe_host_link", state=State.DEGRADED, since=ward.now, text="slow")
    wrong = Finding(cause="probe_integrity", state=State.UNHEALTHY, since=ward.now, text="flips")

    ward.watch.find(uuid(0), slow)
    assert ward.state() == ("degraded", "probe_host_link")
    ward.watch.find(uuid(0), wrong)
    assert ward.state() == ("unhealthy", "probe_integrity")
    ward.watch.clear(uuid(0), "probe_integrity")
    assert ward.state() == ("recovering", "after_unhealthy")
    ward.watch.clear(uuid(0), "probe_host_link")
    ward.wait(61)

    assert ward.state() == ("ok", "")


def test_mig_that_is_cut_anew_is_an_event() -> None:
    """The first look is none."""
    ward = Ward()
    on = ((mig.MODE, ()), 1.0)
    one = ((mig.INSTANCE_INFO, ("7", "0", "1g.10gb", "MIG-1")), 1.0)
    ward.say(Tier.SLOW, ((mig.MODE, ()), 0.0))
    ward.say(Tier.SLOW, on, one)
    ward.say(Tier.SLOW, on, one)

    assert ward.told() == [(EventKind.MIG_RECONFIGURED, "GPU 0: MIG is on: 1 x 1g.10gb")]


# -- whatever happens --------------------------------------------------------------------------------------------------


class Anything(RuleBasedStateMachine):
    """Whatever a GPU does, in whatever order: there is a reason, and no second is counted that was not there."""

    @initialize()
    def begin(self) -> None:
        self.ward = Ward()
        self.began = self.ward.now

    @rule(seconds=st.floats(0.01, 200), step=st.sampled_from([1.0, 7.3]))
    def wait(self, seconds: float, step: float) -> None:
        self.ward.wait(seconds, step)

    @rule(verdict=st.sampled_from(["ok", "hung", "lost", "unknown"]))
    def answer(self, verdict: str) -> None:
        self.ward.answer(verdict)

    @rule(name=st.sampled_from(sorted(RULES)))
    def read(self, name: str) -> None:
        tier, rows, _ = RULES[name]
        if self.ward.hub.latest.gpus[uuid(0)].readable:
            self.ward.say(tier, *rows)

    @rule()
    def read_well(self) -> None:
        self.ward.say(Tier.FAST, *held())
        self.ward.say(Tier.SLOW, ((memory.BAR1_USED, ()), 1.0))

    @rule(action=st.sampled_from(["reset_gpu", "restart_app", "none"]))
    def xid(self, action: str) -> None:
        self.ward.watch.xid(uuid(0), action, "Xid")

    @rule()
    def restart(self) -> None:
        spent, old = self.ward.spent, self.ward
        self.ward = old.restart(after=0.0, count=1)
        for key, value in spent.items():
            self.ward.spent[key] += value

    @rule(seconds=st.floats(1, 100))
    def release(self, seconds: float) -> None:
        self.ward.watch.maintained(seconds)
        self.ward.answer("unknown", "released")

    @invariant()
    def there_is_a_reason(self) -> None:
        if hasattr(self, "ward"):
            state, reason = self.ward.state()
            known = {*BY_NAME, *LIVENESS, *AFTER.values()}
            assert (reason == "") if state == "ok" else (reason in known), (state, reason)

    @invariant()
    def seconds_add_up(self) -> None:
        if hasattr(self, "ward"):
            wall = self.ward.now - self.began
            available, observed, expected = (
                self.ward.seconds(metric)
                for metric in (
                    availability.AVAILABLE,
                    availability.OBSERVED,
                    availability.EXPECTED,
                )
            )
            assert 0 <= available <= observed + 1e-6
            assert observed <= expected + 1e-6
            assert expected <= wall + 1e-6

    @invariant()
    def outages_add_up(self) -> None:
        if hasattr(self, "ward"):
            family, gpu = availability.RECOVERY, uuid(0)
            count = self.ward.spent[gpu, family, ("count",)]
            assert self.ward.spent[gpu, family, ("+Inf",)] == count
            assert self.ward.spent[gpu, family, ("30.0",)] <= count


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
