"""A source that answers, fails, and is believed for a minute."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from exporter.attribution.failure import AttributionError, Reason
from exporter.attribution.source import Clocks, Source
from exporter.exposition import Format
from exporter.prometheus import Instruments
from exporter.standing_clock import StandingClock
from tests.exporter.server import Metrics


class Asked:
    """A source whose answers the test gives: texts, or why there is none."""

    def __init__(self) -> None:
        self.clock = StandingClock(1_000.0)
        self.instruments = Instruments()
        self.answer: str | Exception = "a"
        self.source = Source(
            "kubelet", self.ask, self.instruments, Clocks(wall=self.clock, steady=self.clock)
        )

    async def ask(self) -> str:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def metrics(self) -> Metrics:
        return Metrics(self.instruments.render(Format.TEXT))

    def failures(self, reason: str) -> float | None:
        return self.metrics().value("gpuvitals_attribution_failures_total", reason=reason)


@pytest.fixture
def asked() -> Asked:
    return Asked()


async def test_nothing_is_told_before_the_first_answer(asked: Asked) -> None:
    """Every reason is counted from 0 on."""
    assert asked.source.current() is None
    assert asked.metrics().total("gpuvitals_attribution_failures_total") == 0
    assert {asked.failures(reason) for reason in Reason} == {0}


async def test_an_answer_holds_for_a_minute(asked: Asked) -> None:
    """A failure does not drop what was said, its age does."""
    await asked.source.look()
    asked.answer = AttributionError(Reason.TIMEOUT, "no answer")

    asked.clock.now += 59
    assert not await asked.source.look()
    assert asked.source.current() == "a"
    asked.clock.now += 2
    assert asked.source.current() is None
    assert asked.failures("timeout") == 1
    stamp = "gpuvitals_attribution_last_success_timestamp_seconds"
    assert asked.metrics().value(stamp) == 1_000


async def test_it_is_back(asked: Asked) -> None:
    """What is said after a failure is believed at once."""
    asked.answer = AttributionError(Reason.UNREACHABLE, "no socket")
    await asked.source.look()
    asked.answer = "b"

    assert await asked.source.look()
    assert asked.source.current() == "b"


async def test_the_same_answer_is_the_same_object(asked: Asked) -> None:
    """So that nothing is decided anew."""
    asked.answer = str(1_000)
    await asked.source.look()
    first = asked.source.current()
    asked.answer = str(1_000)
    await asked.source.look()

    assert asked.source.current() is first


async def test_a_bug_is_a_failure(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    """An exception that nobody foresaw ends nothing, and its traceback is logged."""
    asked.answer = ZeroDivisionError("oops")

    assert not await asked.source.look()
    assert asked.failures("malformed") == 1
    assert "ZeroDivisionError" in caplog.text


async def test_a_lasting_failure_is_logged_once(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    """Once per reason, not every few seconds."""
    for reason in (Reason.TIMEOUT, Reason.TIMEOUT, Reason.UNREACHABLE):
        asked.answer = AttributionError(reason, "no answer")
        await asked.source.look()

    assert [record.msg for record in caplog.records] == ["attribution.failed"] * 2


async def test_it_is_asked_less_often_while_it_fails(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon after the first failure, then every ten seconds; after an answer at the usual pace."""
    slept: list[float] = []
    good = AttributionError(Reason.TIMEOUT, "no answer"), "a"
    answers: Iterator[str | Exception] = itertools.chain([good[0]] * 6, ["a"], [good[0]])

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        following = next(answers, None)
        if following is None:
            raise asyncio.CancelledError
        asked.answer = following

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await asked.source.run()

    assert slept == [5.0, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 5.0, 1.0]


async def test_who_is_denied_is_named_as_long_as_it_lasts(asked: Asked) -> None:
    """As every other collector; what fails for other reasons is not."""
    denied = "gpuvitals_collector_permission_denied"
    told = [asked.metrics().value(denied, collector="kubelet")]
    for reason in (Reason.DENIED, Reason.TIMEOUT, Reason.DENIED):
        asked.answer = AttributionError(reason, "kubelet.sock: Permission denied")
        await asked.source.look()
        told.append(asked.metrics().value(denied, collector="kubelet"))
    asked.answer = "b"
    await asked.source.look()

    assert [*told, asked.metrics().value(denied, collector="kubelet")] == [0, 1, 0, 1, 0]
