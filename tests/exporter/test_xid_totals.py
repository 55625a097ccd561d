from catalog.event import Event, EventKind, Severity
from catalog.metrics import power
from catalog.metrics.events import PROBE_XIDS, SXID_ERRORS, XID_ERRORS, XID_LAST
from catalog.xid.actions import Action
from catalog.xid.policy import Policy
from exporter.hub import NODE
from exporter.xid_totals import XidTotals
from exporter.xids import Counted
from history.minute import Key

KEY = Key("GPU-1", XID_ERRORS, ("79", "reboot_node"))
LAST = Key("GPU-1", XID_LAST, ("79", "reboot_node"))


def counted(at: float, key: Key | None = KEY) -> Counted:
    event = Event(at=at, kind=EventKind.XID, severity=Severity.CRITICAL, message="")
    return Counted(event=event, key=key)


def test_nothing_shows_before_it_was_committed() -> None:
    """First what the totals will be, then that they are."""
    totals = XidTotals({KEY: 3.0, LAST: 50.0})
    changed = totals.after([counted(60.0), counted(40.0), counted(70.0, None)])

    assert changed == {KEY: 5.0, LAST: 60.0}
    assert totals.totals == {KEY: 3.0, LAST: 50.0}
    totals.committed(changed)
    assert totals.totals == changed


def test_the_first_of_its_kind() -> None:
    """It begins at 0, whatever was expected."""
    assert XidTotals({}).after([counted(60.0)]) == {KEY: 1.0, LAST: 60.0}


def test_what_a_model_can_report_is_there_from_the_start() -> None:
    """At 0 if nothing was counted before a restart."""
    totals = XidTotals({KEY: 3.0, Key("GPU-1", power.NOW): 1.0})
    totals.welcome("GPU-1", "NVIDIA H100 80GB HBM3")
    reading = totals.reading("GPU-1", 100.0)
    samples = {(sample.metric, *sample.labels): sample.value for sample in reading.samples()}

    assert samples[XID_ERRORS, "79", "reboot_node"] == 3.0
    assert samples[XID_ERRORS, "48", "reset_gpu"] == 0.0
    assert samples.pop((PROBE_XIDS,)) == 0.0
    assert all(metric is XID_ERRORS for metric, *_ in samples)
    assert totals.reading("GPU-2", 100.0).values == ()


def test_the_layout_stays_while_the_series_do() -> None:
    """So that only values travel."""
    totals = XidTotals({KEY: 3.0, LAST: 50.0})
    before = totals.reading("GPU-1", 100.0)
    totals.committed(totals.after([counted(60.0)]))
    after = totals.reading("GPU-1", 101.0)

    assert before.layout is after.layout
    assert after.values == (4.0, 60.0)


def test_a_switch_begins_at_zero() -> None:
    """For each code that somebody has to act on; what it counted before a restart stays."""
    key = Key(NODE, SXID_ERRORS, ("00000000:A9:00.0", "20034", "reset_gpu"))
    totals = XidTotals({key: 2.0})
    totals.welcome_switches(["00000000:A9:00.0", "00000000:AA:00.0"])
    found = totals.reading(NODE, 100.0).samples()
    values = {(sample.metric, *sample.labels): sample.value for sample in found}

    assert values[key[1], *key.labels] == 2.0
    assert values[SXID_ERRORS, "00000000:AA:00.0", "20034", "reset_gpu"] == 0.0
    assert {labels[-1] for _, *labels in values} == {"contact_support", "reset_gpu", "reboot_node"}
    assert totals.reading("GPU-1", 100.0).values == ()


def test_an_override_in_mid_life() -> None:
    """What was counted keeps its total and its label; what never happened goes; what may happen now is there at 0."""
    totals = XidTotals({KEY: 3.0, LAST: 50.0})
    totals.welcome("GPU-1", "NVIDIA H100 80GB HBM3")
    totals.overrule(Policy(overrides={79: Action.NONE, 48: Action.NONE, 999: Action.REBOOT_NODE}))
    totals.welcome("GPU-1", "NVIDIA H100 80GB HBM3")
    found = {key.labels: value for key, value in totals.totals.items() if key.metric is XID_ERRORS}

    assert found["79", "reboot_node"] == 3.0
    assert found["999", "reboot_node"] == 0.0
    assert found["31", "restart_app"] == 0.0
    assert not {("79", "none"), ("48", "reset_gpu"), ("48", "none")} & found.keys()
