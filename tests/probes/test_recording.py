"""Recordings: what is written, how a broken one is refused, and how one is played."""

import contextlib
import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigError, DriverError
from probes.driver import FIELDS, GPM, Answer, Device, Field, Return
from probes.recording import Recorder, RecordingDevice, read
from probes.replay import ReplayDriver, open_recording
from tests.probes.devices import SYSTEM, ULL, FakeDevice, FakeDriver, rich

MADE = 1_795_518_000.0
BEGUN = 40 * 86_400.0
ENERGY = "nvmlDeviceGetTotalEnergyConsumption"
HEADER: dict[str, object] = {"recording": 1, "made": MADE, "devices": 1, "system": {}}


class Clock:
    """Seconds since 1970, as the test says."""

    def __init__(self, now: float = MADE) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def written(path: Path, *lines: object) -> Path:
    """A file of these lines: objects as JSON, texts as they are."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for line in lines:
            file.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    return path


def answers(question: str, *values: Answer, every: float = 1.0, **more: object) -> list[object]:
    """Lines of one question's answers, one every so many seconds."""
    return [
        {"t": place * every, "gpu": 0, "q": question, "v": value, **more}
        for place, value in enumerate(values)
    ]


def opened(*lines: object) -> tuple[ReplayDriver, Clock]:
    """A recording of these lines, at its beginning, and the clock that plays it."""
    clock = Clock(MADE - BEGUN)
    return ReplayDriver(HEADER, lines, clock), clock  # type: ignore[arg-type] # lines are mappings


def asked(device: Device, question: str, *args: int) -> object:
    """The answer, or the code of the refusal."""
    try:
        return device.ask(question, *args)
    except DriverError as error:
        return Return(error.code)


# -- writing -----------------------------------------------------------------------------------------------------------


def test_what_was_recorded_is_what_is_played(tmp_path: Path) -> None:
    """Every answer and every refusal comes back as the driver gave it, blanks and odd values too."""
    device = rich()
    device.answers["nvmlDeviceGetPowerUsage"] = 2**32 - 1
    device.answers["nvmlDeviceGetFanSpeed_v2"] = Return.UNKNOWN
    questions: list[tuple[str | int, ...]] = [
        question if isinstance(question, tuple) else (question,) for question in device.answers
    ]
    questions += [(FIELDS, Field.POWER_AVERAGE, 0, Field.MEMORY_TEMP, 0), ("nvmlNever",)]
    clock = Clock()
    with Recorder(tmp_path / "r.jsonl.gz", clock) as recorder:
        recorder.header(FakeDriver(system=SYSTEM), 1)
        recording = RecordingDevice(device, recorder, anonymous=False)
        told = {question: asked(recording, *question) for question in questions}  # type: ignore[arg-type] # a question, then integers

    driver = open_recording(str(tmp_path / "r.jsonl.gz"), Clock(MADE - BEGUN))

    (played,) = driver.devices()
    assert {question: asked(played, *question) for question in questions} == told  # type: ignore[arg-type] # as above
    assert {question: driver.ask(question) for question in SYSTEM} == SYSTEM


def test_anonymous_recordings_name_no_board(tmp_path: Path) -> None:
    """A recording that is published has neither UUID nor serial number, and still tells its GPUs apart."""
    path = tmp_path / "r.jsonl.gz"
    with Recorder(path, Clock()) as recorder:
        recorder.header(FakeDriver(), 2)
        for index in (0, 1):
            device = RecordingDevice(rich(index), recorder, anonymous=True)
            device.ask("nvmlDeviceGetUUID")
            device.ask("nvmlDeviceGetSerial")

    uuids = {line["v"] for line in read(path) if line.get("q") == "nvmlDeviceGetUUID"}

    assert len(uuids) == 2
    text = gzip.decompress(path.read_bytes()).decode()
    assert "aaaa" not in text
    assert "165000" not in text


def test_a_killed_recorder_loses_little(tmp_path: Path) -> None:
    """What is older than five seconds is on the disk, though nobody closed the file."""
    path, clock = tmp_path / "r.jsonl.gz", Clock()
    recorder = Recorder(path, clock)
    recorder.header(FakeDriver(), 1)
    for second in range(12):
        clock.now = MADE + second
        recorder.line({"phase": f"second {second}"})

    kept: list[str] = []
    with pytest.raises(ConfigError, match="is cut or damaged after line 12"):
        kept.extend(line["phase"] for line in read(path) if "phase" in line)

    recorder.__exit__(None, None, None)
    assert kept == [f"second {second}" for second in range(11)]


def test_a_recording_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    """A folder that is not there is for the user to mend."""
    with pytest.raises(ConfigError, match=r"none/r\.jsonl\.gz: cannot be written"):
        Recorder(tmp_path / "none" / "r.jsonl.gz", Clock())


# -- broken files ------------------------------------------------------------------------------------------------------


GOOD = {"t": 0.1, "gpu": 0, "q": ENERGY, "v": 1}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"t": 0.1, "gpu"', ":3: the line is broken"),
        ("[]", ":3: the line is no answer"),
        ({"gpu": 0, "q": ENERGY, "v": 1}, ":3: the line is no answer"),
        ({**GOOD, "t": "soon"}, ":3: the line is no answer"),
        ({**GOOD, "gpu": 1}, ":3: the line is no answer"),
        ({**GOOD, "gpu": None}, ":3: the line is no answer"),
        ({**GOOD, "q": []}, ":3: the line is no answer"),
        ({**GOOD, "a": ["x"]}, ":3: the line is no answer"),
        ({"t": 1, "gpu": 0, "q": ENERGY}, ":3: the line is no answer"),
        ({"t": 1, "event": [0, 8]}, ":3: the line is no answer"),
        ({"t": 1, "phase": 3}, ":3: the line is no answer"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: object, complaint: str) -> None:
    """The message names the file and the line."""
    path = written(tmp_path / "r.gz", HEADER, GOOD, line, GOOD)

    with pytest.raises(ConfigError) as refused:
        open_recording(str(path), Clock())

    assert f"{path}{complaint}" in str(refused.value)


@pytest.mark.parametrize(
    "header",
    [
        {"recording": 2, "made": 0, "devices": 1, "system": {}},
        {"recording": 1, "made": "x", "devices": 1, "system": {}},
        {"recording": 1, "made": 0, "devices": -1, "system": {}},
        {"recording": 1, "made": 0, "devices": 1},
        [1],
        GOOD,
    ],
)
def test_another_format_is_refused(tmp_path: Path, header: object) -> None:
    """A file whose first line is no header of ours is no recording."""
    path = written(tmp_path / "r.gz", header, GOOD)

    with pytest.raises(ConfigError, match=f"{path}:1: this is no recording"):
        open_recording(str(path), Clock())


def _cut(path: Path) -> None:
    lines = [{**GOOD, "t": second, "v": second * 7919 % 10**6} for second in range(20_000)]
    data = written(path, HEADER, *lines).read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (_cut, r"is cut or damaged after line \d\d+ .* keep what is whole: zcat"),
        (lambda path: path.write_text("hello"), "cannot be read as a recording"),
        (lambda path: path.write_bytes(b""), "the recording is empty"),
        (lambda path: path.write_bytes(gzip.compress(b"\xff\xfe")), "is cut or damaged"),
        (lambda path: path.mkdir(), "cannot be read as a recording: .*Is a directory"),
        (lambda _path: None, "cannot be read as a recording: .*No such file"),
    ],
)
def test_a_file_that_is_no_recording(
    tmp_path: Path, make: Callable[[Path], object], complaint: str
) -> None:
    """Cut, empty, a folder, something else, not there: one line says which."""
    path = tmp_path / "r.jsonl.gz"
    make(path)

    with pytest.raises(ConfigError, match=complaint) as refused:
        open_recording(str(path), Clock())

    assert "\n" not in str(refused.value)


# -- playing -----------------------------------------------------------------------------------------------------------


def test_the_clock_decides_the_place() -> None:
    """Two processes that open a recording at any time are at the same place of it."""
    driver, clock = opened(*answers("nvmlDeviceGetPowerUsage", 100, 200, 300))
    clock.now += 1.5
    later = ReplayDriver(HEADER, list(answers("nvmlDeviceGetPowerUsage", 100, 200, 300)), clock)  # type: ignore[arg-type] # lines are mappings

    assert driver.devices()[0].ask("nvmlDeviceGetPowerUsage") == 200
    assert later.devices()[0].ask("nvmlDeviceGetPowerUsage") == 200


def test_at_its_end_it_starts_again() -> None:
    """A round lasts from the first answer to a second after the last; gauges repeat."""
    driver, clock = opened(*answers("nvmlDeviceGetPowerUsage", 100, 200, 300))
    (device,) = driver.devices()

    seen = []
    for _ in range(7):
        seen.append(device.ask("nvmlDeviceGetPowerUsage"))
        clock.now += 1

    assert seen == [100, 200, 300, 100, 200, 300, 100]


def test_a_question_that_was_not_asked_is_not_supported() -> None:
    """A recording knows only what was asked when it was made."""
    driver, _ = opened(*answers("nvmlDeviceGetPowerUsage", 100))

    assert asked(driver.devices()[0], ENERGY) is Return.NOT_SUPPORTED


@given(
    steps=st.lists(st.integers(0, 10**9), min_size=1, max_size=20),
    start=st.integers(0, 2**40),
    looks=st.lists(st.floats(0, 30), max_size=60),
)
def test_counters_go_on(steps: list[int], start: int, looks: list[float]) -> None:
    """Over any number of rounds a counter never falls, whether it is a call or a field."""
    values = [start]
    for step in steps:
        values.append(values[-1] + step)
    question = [Field.NVLINK_THROUGHPUT_DATA_RX, 0]
    driver, clock = opened(
        *answers(ENERGY, *values),
        *answers(FIELDS, *([[0, ULL, value]] for value in values), a=question),
    )
    (device,) = driver.devices()

    calls, fields = [device.ask(ENERGY)], [_value(device.ask(FIELDS, *question))]
    for seconds in looks:
        clock.now += seconds
        calls.append(device.ask(ENERGY))
        fields.append(_value(device.ask(FIELDS, *question)))

    assert calls == sorted(calls)  # type: ignore[type-var] # integers
    assert fields == calls


def _value(answer: Answer) -> Answer:
    assert isinstance(answer, list)
    return answer[0][2]  # type: ignore[no-any-return] # a list of lists


def test_a_counter_that_ends_in_a_blank_or_an_error_goes_on() -> None:
    """What was no number at the end of the recording adds nothing absurd to the next round."""
    driver, clock = opened(
        *answers(ENERGY, 5, 8, 2**64 - 1),
        *answers("nvmlDeviceGetPcieReplayCounter", 1, 4),
        {"t": 2, "gpu": 0, "q": "nvmlDeviceGetPcieReplayCounter", "e": Return.UNKNOWN},
    )
    (device,) = driver.devices()
    clock.now += 3

    assert device.ask(ENERGY) == 5
    assert device.ask("nvmlDeviceGetPcieReplayCounter") == 4


def test_gpm_is_not_ready_once_only() -> None:
    """The first question to GPM has no answer; when the recording starts again there is one."""
    ready: dict[str, Answer] = {"seconds": 1.0, "values": [[0, 50.0]]}
    driver, clock = opened(
        {"t": 0, "gpu": 0, "q": GPM, "a": [2], "e": Return.NOT_READY},
        {"t": 1, "gpu": 0, "q": GPM, "a": [2], "v": ready},
    )
    (device,) = driver.devices()

    assert asked(device, GPM, 2) is Return.NOT_READY
    clock.now += 2
    assert asked(device, GPM, 2) == ready


def test_events_come_at_their_time_in_every_round() -> None:
    """Each event is heard once a round, those of one moment too, those before the opening never."""
    events = [{"t": 1.0, "event": [0, 8, 79]}, {"t": 1.0, "event": [0, 8, 48]}]
    driver, clock = opened(*answers(ENERGY, 1, 2, 3), *events)

    heard: list[tuple[int, int, int] | None] = [driver.wait_event(0)]
    for _ in range(2):
        clock.now += 1.5
        heard += [driver.wait_event(0) for _ in range(3)]
        clock.now += 1.5

    assert heard == [None, (0, 8, 79), (0, 8, 48), None, (0, 8, 79), (0, 8, 48), None]
    clock.now = MADE - BEGUN + 2
    assert ReplayDriver(HEADER, events, clock).wait_event(0) is None


def test_the_shipped_recording_is_whole() -> None:
    """The recording of the demo opens, and names the phases that were recorded."""
    folder = Path(__file__).parents[2] / "probes" / "recordings"

    driver = open_recording(str(folder / "h200.jsonl.gz"), Clock(MADE))

    assert driver.seconds > 60
    assert len({phase for _, phase in driver.phases}) > 1


def test_a_device_of_a_recording_has_no_instances() -> None:
    """Recordings have no place for MIG."""
    driver, _ = opened(*answers(ENERGY, 1))

    assert driver.devices()[0].mig_devices() == ()
    assert (
        RecordingDevice(FakeDevice(), Recorder.__new__(Recorder), anonymous=False).mig_devices()
        == ()
    )


ANSWERS = st.recursive(
    st.none() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
QUESTIONS = st.tuples(
    st.text(min_size=1, max_size=20), st.lists(st.integers(0, 2**32), max_size=3)
)


@given(
    st.dictionaries(
        QUESTIONS.map(lambda asked: (asked[0], *asked[1])), ANSWERS, min_size=1, max_size=6
    )
)
def test_what_was_answered_is_played(answered: dict[tuple[str, int], Answer]) -> None:
    """Any question and any answer survives the file, whatever is in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.jsonl.gz"
        device = FakeDevice(dict(answered))
        with Recorder(path, Clock()) as recorder:
            recorder.header(FakeDriver([device]), 1)
            recording = RecordingDevice(device, recorder, anonymous=False)
            for question in answered:
                recording.ask(*question)

        (played,) = open_recording(str(path), Clock(MADE - BEGUN)).devices()

    assert {question: played.ask(*question) for question in answered} == answered


@given(st.lists(st.text(max_size=80) | st.builds(json.dumps, ANSWERS), max_size=4))
def test_whatever_the_lines_say_it_is_a_recording_or_refused(lines: list[str]) -> None:
    """No line makes the reader fail in another way."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "r.jsonl.gz", HEADER, *lines)

        with contextlib.suppress(ConfigError):
            open_recording(str(path), Clock())
