import pytest

from catalog.event import Event, EventKind, Severity
from catalog.metrics.events import PROBE_XIDS, SXID_ERRORS, XID_ERRORS
from catalog.xid import lookup
from catalog.xid.actions import Action
from catalog.xid.policy import Policy
from exporter.xids import Ledger, Mark, Outcome
from history.minute import Key
from probes.kernel_log.progress import Cursor
from probes.kernel_log.reader import Batch, Problem
from probes.kernel_log.record import Record

AT = 1_800_000_000.0
PLACES = {"00000000:3B:00.0": "GPU-1", "00000000:5E:00.0": "GPU-2"}
SXID = "nvidia-nvswitch2: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up"
LOST_GPU = "GPU-71dcdf29-68ae-87d1-b57b-86d9f8f01ffc"
GOING_ON = Mark(cursor=Cursor(origin="boot", next=7), counting=True)


def batch(*texts: str, caught_up: bool = True, problem: Problem = Problem.NONE) -> Batch:
    records = tuple(Record(text=text, at=AT) for text in texts)
    cursor = Cursor(origin="boot", next=7 + len(texts))
    return Batch(records=records, cursor=cursor, caught_up=caught_up, problem=problem)


def xid(code: int, text: str = "", bus: str = "3b") -> str:
    return f"NVRM: Xid (PCI:0000:{bus}:00): {code}, pid=4711, name=python, {text}"


def nvml(code: int, uuid: str = "GPU-1") -> Event:
    return Event(
        at=AT,
        kind=EventKind.XID,
        severity=Severity.WARNING,
        message="",
        uuid=uuid,
        code=code,
    )


def keys(outcome: Outcome) -> list[Key | None]:
    return [one.key for one in outcome.counted]


def key(code: int, action: str, uuid: str = "GPU-1") -> Key:
    return Key(uuid, XID_ERRORS, (str(code), action))


def test_a_record_counts_at_once() -> None:
    """With its GPU, what it asks for, and a sentence that says what the driver said."""
    line = "NVRM: Xid (PCI:0000:5e:00 GPU-I:05): 79, pid=4711, name=python, GPU has fallen off the bus."
    (counted,) = Ledger(GOING_ON).heard(batch(line), PLACES, 0.0).counted

    assert counted.key == key(79, "reboot_node", "GPU-2")
    assert counted.event == Event(
        at=AT,
        kind=EventKind.XID,
        severity=Severity.CRITICAL,
        message="Xid 79: GPU has fallen off the bus. (at 00000000:5E:00.0, GPU instance 5, process python, pid 4711)",
        uuid="GPU-2",
        pci_bus_id="00000000:5E:00.0",
        gpu_instance=5,
        code=79,
        action=Action.REBOOT_NODE,
        process="python",
        pid=4711,
    )


@pytest.mark.parametrize(
    ("code", "text", "sub_code"),
    [
        (
            154,
            "GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)",
            "node_reboot",
        ),
        (154, "GPU recovery action changed from 0x0 (None) to 0x63 (New)", "0x0 0x63"),
        (
            149,
            "NETIR_LINK_EVT Fatal XC0 i0 Link 09 (0x025525c6 0x0 0x0 0x0 0x0 0x0)",
            "NETIR_LINK_EVT/NETIR_LINK_DOWN link_fatal",
        ),
        (149, "NETIR_LINK_EVT Fatal XC 1 i 2 Link 01 (0x00000007 0x00000001)", "0x7 0x1"),
        (
            74,
            "NVLink: fatal error detected on link 6(0x10000, 0x0, 0x0)",
            "0x10000 0x0 0x0",
        ),
        (79, "GPU has fallen off the bus. (0x1 0x2)", ""),
    ],
)
def test_what_refines_a_code_is_a_field(code: int, text: str, sub_code: str) -> None:
    """By name where NVIDIA names it, else as the record's numbers."""
    (counted,) = Ledger(GOING_ON).heard(batch(xid(code, text)), PLACES, 0.0).counted

    assert counted.event.sub_code == sub_code


def test_the_instance_of_mig_is_a_field() -> None:
    """GPU instance and compute instance, as the driver names them."""
    line = "NVRM: Xid (PCI:0000:3b:00 GPU-I:01 GPU-CI:02): 13, pid=9, name=a, Graphics Exception"
    (counted,) = Ledger(GOING_ON).heard(batch(line), PLACES, 0.0).counted

    assert (counted.event.gpu_instance, counted.event.compute_instance) == (1, 2)
    assert "GPU instance 1, compute instance 2" in counted.event.message


@pytest.mark.parametrize(
    ("code", "text", "asked", "counted_as", "advice"),
    [
        (48, "DBE", Action.NONE, "none", Action.NONE),
        (48, "DBE", Action.REBOOT_NODE, "none", Action.REBOOT_NODE),
        (31, "MMU Fault", Action.RESET_GPU, "restart_app", Action.RESET_GPU),
        (
            154,
            "GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)",
            Action.RESET_GPU,
            "contact_support",
            Action.NONE,
        ),
    ],
)
def test_what_the_gpu_asks_for_outranks_the_operator(
    code: int, text: str, asked: Action, counted_as: str, advice: Action
) -> None:
    """In the advice of the event; the counter stays under the operator's action. The newest word of the GPU is Xid 154's own."""
    policy = Policy(overrides={48: Action.NONE, 154: Action.CONTACT_SUPPORT})
    ledger = Ledger(GOING_ON, policy, lambda uuid: asked if uuid == "GPU-1" else Action.NONE)
    (counted,) = ledger.heard(batch(xid(code, text)), PLACES, 0.0).counted

    assert counted.key == key(code, counted_as)
    assert (counted.event.action, counted.event.severity) == (advice, advice.severity)


PROBE = "NVRM: Xid (PCI:0000:3b:00): {code}, pid=4711, name=gv-0123456789ab, {text}"


def test_the_fault_of_a_probe_of_ours_alerts_nobody() -> None:
    """It is an event with a label and a count of its own; NVML's twin of it counts no more."""
    ledger = Ledger(GOING_ON)
    line = PROBE.format(code=31, text="MMU Fault")
    ledger.told(nvml(31), 0.0)
    (counted,) = ledger.heard(batch(line), PLACES, 0.5).counted

    assert counted.key == Key("GPU-1", PROBE_XIDS)
    assert (counted.event.probe, counted.event.severity) == (True, Severity.INFO)
    assert "a probe of GPU Vitals" in counted.event.message
    assert ledger.heard(batch(), PLACES, 5.0).counted == ()


def test_a_broken_gpu_is_broken_whoever_finds_it() -> None:
    """An Xid that asks for more than a new start of the application is counted as ever, though a probe met it."""
    line = PROBE.format(code=79, text="GPU has fallen off the bus.")
    (counted,) = Ledger(GOING_ON).heard(batch(line), PLACES, 0.0).counted

    assert counted.key == key(79, "reboot_node")
    assert (counted.event.probe, counted.event.severity) == (True, Severity.CRITICAL)


@pytest.mark.parametrize("code", lookup.catalogued(), ids=str)
def test_every_catalogued_code(code: int) -> None:
    """Each of the 172 counts once, under the action of the table."""
    ledger = Ledger(GOING_ON)
    outcome = ledger.heard(batch(xid(code)), PLACES, 0.0)

    assert keys(outcome) == [key(code, lookup.explain(code).action)]


def test_the_text_may_decide_the_action() -> None:
    """A recovery action, a sub-code, the cause of a cleanup."""
    outcome = Ledger(GOING_ON).heard(
        batch(
            xid(154, "GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)"),
            xid(45, "Ch 00000008 caused by previous Xid 31"),
            xid(149, "NETIR_LINK_EVT Fatal XC0 i0 Link 09 (0x025525c6 0x0 0x0 0x0 0x0 0x0)"),
        ),
        PLACES,
        0.0,
    )

    assert keys(outcome) == [
        key(154, "reboot_node"),
        key(45, "none"),
        key(149, "reset_gpu"),
    ]


def test_the_operator_may_override_the_table() -> None:
    """Severity follows the action."""
    ledger = Ledger(GOING_ON, policy=Policy(overrides={79: Action.NONE}))
    (counted,) = ledger.heard(batch(xid(79)), PLACES, 0.0).counted

    assert counted.key == key(79, "none")
    assert counted.event.severity is Severity.INFO


def test_an_unknown_code_counts_too() -> None:
    """Somebody has to judge it."""
    assert keys(Ledger(GOING_ON).heard(batch(xid(4242)), PLACES, 0.0)) == [
        key(4242, "contact_support")
    ]


def test_on_a_first_start_older_records_become_history() -> None:
    """Until the log was read to its end; what comes then counts."""
    ledger = Ledger(None)
    first = ledger.heard(batch(xid(79), caught_up=False), PLACES, 0.0)
    second = ledger.heard(batch(xid(31)), PLACES, 0.0)
    third = ledger.heard(batch(xid(13)), PLACES, 0.0)

    assert [keys(first), keys(second)] == [[None], [None]]
    assert [one.event.code for one in (*first.counted, *second.counted)] == [79, 31]
    assert keys(third) == [key(13, "restart_app")]
    assert [outcome.mark.counting for outcome in (first, second, third)] == [False, True, True]


def test_a_first_start_that_was_interrupted() -> None:
    """The rest of what was there stays history."""
    first = Ledger(None).heard(batch(xid(79), caught_up=False), PLACES, 0.0)

    assert keys(Ledger(first.mark).heard(batch(xid(31)), PLACES, 0.0)) == [None]


def test_after_a_restart_it_goes_on_counting() -> None:
    """What was written while nobody read counts."""
    assert keys(Ledger(GOING_ON).heard(batch(xid(31), caught_up=False), PLACES, 0.0)) == [
        key(31, "restart_app")
    ]


def test_the_mark_is_where_the_batch_ends() -> None:
    """Counts, cursor and losses travel together."""
    read = batch(xid(31), xid(31))
    outcome = Ledger(GOING_ON).heard(read, PLACES, 0.0)

    assert outcome.mark.cursor == read.cursor
    assert outcome.mark.counting


def test_both_sources_tell() -> None:
    """One count, whoever is first."""
    ledger = Ledger(GOING_ON)
    ledger.told(nvml(31), 0.0)
    ledger.told(nvml(79, "GPU-2"), 0.0)

    assert keys(ledger.heard(batch(xid(31)), PLACES, 0.5)) == [key(31, "restart_app")]
    assert keys(ledger.heard(batch(xid(79, bus="5e")), PLACES, 0.9)) == [
        key(79, "reboot_node", "GPU-2")
    ]
    assert keys(ledger.heard(batch(), PLACES, 9.0)) == []


def test_nvml_alone() -> None:
    """It counts after a second, and says that only NVML told."""
    ledger = Ledger(GOING_ON)
    ledger.told(nvml(31), 0.0)

    assert keys(ledger.heard(batch(), PLACES, 0.9)) == []
    (counted,) = ledger.heard(batch(), PLACES, 1.0).counted
    assert counted.key == key(31, "restart_app")
    assert counted.event.message.endswith("(only NVML told)")


def test_nvml_waits_while_the_log_is_being_read() -> None:
    """Its twin may be among what is still to be read, however long that takes."""
    ledger = Ledger(GOING_ON)
    ledger.told(nvml(31), 0.0)

    assert keys(ledger.heard(batch(caught_up=False), PLACES, 60.0)) == []
    assert keys(ledger.heard(batch(xid(31)), PLACES, 61.0)) == [key(31, "restart_app")]


@pytest.mark.parametrize("problem", [problem for problem in Problem if problem])
def test_nvml_counts_at_once_without_a_log(problem: Problem) -> None:
    """No twin will come."""
    ledger = Ledger(GOING_ON)
    ledger.told(nvml(31), 0.0)

    unread = batch(caught_up=False, problem=problem)
    assert keys(ledger.heard(unread, PLACES, 0.0)) == [key(31, "restart_app")]


def test_a_log_that_was_denied_and_is_not_any_more() -> None:
    """NVML counted what it holds, so that becomes history."""
    ledger = Ledger(GOING_ON)
    ledger.heard(batch(caught_up=False, problem=Problem.DENIED), PLACES, 0.0)

    assert keys(ledger.heard(batch(xid(31)), PLACES, 1.0)) == [None]
    assert keys(ledger.heard(batch(xid(31)), PLACES, 2.0)) == [key(31, "restart_app")]


def test_the_log_tells_which_gpu_was_where() -> None:
    """A GPU that NVML cannot see any more is known by what the driver said, over a restart too."""
    said = f"NVRM: GPU at PCI:0000:81:00: {LOST_GPU}"
    ledger = Ledger(GOING_ON)
    outcome = ledger.heard(batch(said, xid(79, bus="81")), PLACES, 0.0)

    assert keys(outcome) == [key(79, "reboot_node", LOST_GPU)]
    assert keys(Ledger(outcome.mark).heard(batch(xid(79, bus="81")), PLACES, 0.0)) == [
        key(79, "reboot_node", LOST_GPU)
    ]


def test_nvml_knows_better_where_a_gpu_is() -> None:
    """A GPU was replaced: the old one's place is the new one's."""
    mark = Mark(counting=True, places={"00000000:3B:00.0": LOST_GPU})

    assert keys(Ledger(mark).heard(batch(xid(31)), PLACES, 0.0)) == [key(31, "restart_app")]


def test_a_gpu_that_nobody_knows() -> None:
    """The event is kept with its address; there is no series that it could add to."""
    ledger = Ledger(GOING_ON)
    unknown = batch(xid(79, bus="81"))
    (counted,) = ledger.heard(unknown, PLACES, 0.0).counted

    assert not ledger.knows(unknown, PLACES)
    assert (counted.key, counted.event.uuid) == (None, "")
    assert "00000000:81:00.0" in counted.event.message


def test_whether_each_gpu_is_known() -> None:
    """By NVML, by the log before, or by the log in the same breath."""
    ledger = Ledger(Mark(places={"00000000:82:00.0": LOST_GPU}))
    said = f"NVRM: GPU at PCI:0000:81:00: {LOST_GPU}"

    assert ledger.knows(batch(), {})
    assert ledger.knows(batch(xid(79)), PLACES)
    assert ledger.knows(batch(xid(79, bus="82")), {})
    assert ledger.knows(batch(said, xid(79, bus="81")), {})
    assert not ledger.knows(batch(xid(79), said), {})


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up", Severity.CRITICAL),
        ("SXid (PCI:0000:a9:00.0): 99999, Fatal, Link 30 new", Severity.CRITICAL),
        ("SXid (PCI:0000:a9:00.0): 99999, Non-fatal, Link 30 new", Severity.INFO),
        ("SXid (PCI:0000:a9:00.0): 10001, Fatal, worse than listed", Severity.CRITICAL),
    ],
)
def test_errors_of_switches(line: str, severity: Severity) -> None:
    """They are the node's; what the log calls fatal is."""
    (counted,) = Ledger(GOING_ON).heard(batch(f"nvidia-nvswitch2: {line}"), PLACES, 0.0).counted

    assert counted.key is not None
    assert counted.key[:2] == ("", SXID_ERRORS)
    assert counted.key.labels[0] == "00000000:A9:00.0"
    assert Action(counted.key.labels[2]).severity is counted.event.severity is severity
    assert (counted.event.kind, counted.event.uuid) == (EventKind.SXID, "")
    assert "switch 2 at 00000000:A9:00.0" in counted.event.message


def test_older_errors_of_switches_become_history() -> None:
    """As Xids do on a first start; the switch itself is known from then on, after a restart too."""
    ledger = Ledger(None)
    outcome = ledger.heard(batch(SXID), PLACES, 0.0)
    (found,) = ledger.heard(batch(SXID), PLACES, 1.0).counted

    assert keys(outcome) == [None]
    assert outcome.mark.switches == {"00000000:A9:00.0"}
    assert Ledger(outcome.mark).heard(batch(), PLACES, 0.0).mark.switches == outcome.mark.switches
    assert found.key is not None


def test_a_burst() -> None:
    """Ten thousand records in ten batches, with all that NVML delivers of them: ten thousand counts."""
    ledger = Ledger(GOING_ON)
    counted = 0
    for part in range(10):
        for _ in range(1000):
            ledger.told(nvml(31), part / 10)
        outcome = ledger.heard(batch(*[xid(31)] * 1000, caught_up=part == 9), PLACES, part / 10)
        counted += len(outcome.counted)
    counted += len(ledger.heard(batch(), PLACES, 5.0).counted)

    assert counted == 10_000
    assert ledger.dropped == 0


def test_long_texts_are_cut() -> None:
    """No line fills the history."""
    (counted,) = Ledger(GOING_ON).heard(batch(xid(31, "x" * 100_000)), PLACES, 0.0).counted

    assert len(counted.event.message) < 700


def test_nvml_of_a_gpu_nobody_knows() -> None:
    """It is an event of the node, and no counter: a series without a GPU would join nothing."""
    ledger = Ledger(GOING_ON)
    ledger.told(nvml(79, uuid=""), 0.0)

    (counted,) = ledger.heard(batch(problem=Problem.OFF), PLACES, 0.0).counted

    assert (counted.key, counted.event.code) == (None, 79)
