"""How this node's objectives stand: over HTTP, from its own history, without holding up the event loop."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from catalog.errors import ConfigError, HistoryError
from catalog.metric import Metric
from exporter.objectives import PENDING, Objectives, load
from exporter.reloading import reload
from history.database import Database
from history.question import Answer, Question
from history.sqlite import SqliteHistory
from tests.exporter.child import NOW
from tests.exporter.promises import AVAILABLE, DOCUMENT, ELSEWHERE, minutes
from tests.exporter.test_http import served

END = NOW // 300 * 300


class Counted:
    """A history that counts how often it is asked, and fails while it is told to."""

    def __init__(self, history: SqliteHistory) -> None:
        self._history = history
        self.asked = 0
        self.broken = False

    def answer(self, question: Question) -> Answer:
        self.asked += 1
        if self.broken:
            raise HistoryError("the disk is gone")
        return self._history.answer(question)

    def series(self, metric: Metric) -> Sequence[Mapping[str, str]]:
        return self._history.series(metric)

    def span(self) -> tuple[float, float] | None:
        return self._history.span()


@pytest.fixture
def history(tmp_path: Path) -> Counted:
    """Six hours of two GPUs, of which one was away."""
    history = SqliteHistory(Database.open(tmp_path))
    history.append(list(minutes(END, "GPU-a", "GPU-b")))
    return Counted(history)


def objectives(history: Counted, now: list[float]) -> Objectives:
    return Objectives(history, lambda: now[0], (AVAILABLE, ELSEWHERE))


async def test_they_are_computed_once_for_all_who_ask(history: Counted) -> None:
    """Two questions per objective and five minutes, however many look."""
    now = [END + 30.0]
    board = objectives(history, now)

    found = await asyncio.gather(*(board.standing() for _ in range(5)))
    asked = history.asked
    await board.standing()
    now[0] += 300
    await board.standing()

    assert asked == 2
    assert history.asked == 4
    assert len({id(one) for one in found}) == 1
    assert found[0].at == END


async def test_a_tile_counts_when_its_last_minute_is_written(history: Counted) -> None:
    """Some seconds after its end."""
    board = objectives(history, [END + 10.0])

    assert (await board.standing()).at == END - 300


async def test_the_page_never_waits(history: Counted) -> None:
    """It has what is known; what is newer comes meanwhile."""
    board = objectives(history, [END + 30.0])

    first = board.latest()
    async with asyncio.timeout(20):
        while board.latest() is PENDING:  # noqa: ASYNC110 - who looks is not woken
            await asyncio.sleep(0.01)

    assert first is PENDING
    assert [one.objective.name for one in board.latest().objectives] == [
        AVAILABLE.name,
        ELSEWHERE.name,
    ]


async def test_a_history_that_fails_leaves_what_was_known(
    history: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    """And a line in the log; whoever waits for an answer is told."""
    now = [END + 30.0]
    board = objectives(history, now)
    known = await board.standing()
    history.broken, now[0] = True, now[0] + 300

    with pytest.raises(HistoryError, match="the disk is gone"):
        await board.standing()

    assert board.latest() is known
    assert ("objectives.failed", logging.ERROR) in [
        (record.message, record.levelno) for record in caplog.records
    ]


async def test_other_objectives_are_asked_anew(history: Counted) -> None:
    """What is on its way for the old ones is not taken for theirs."""
    board = objectives(history, [END + 30.0])
    waiting = asyncio.create_task(board.standing())
    await asyncio.sleep(0)
    board.configure((ELSEWHERE,))

    await waiting

    (only,) = (await board.standing()).objectives
    assert only.objective is ELSEWHERE


async def test_over_http(tmp_path: Path) -> None:
    """Each group, by the history of the node; the folder is read again on a reload, a faulty one is refused."""
    folder = tmp_path / "slos"
    folder.mkdir()
    file = folder / "slo.yaml"
    file.write_text(DOCUMENT, encoding="utf-8")
    async with served(tmp_path / "state", slo_dir=str(folder)) as server:
        server.service.store._written.append(list(minutes(END, "GPU-a", "GPU-b")))
        server.now = END + 30

        status, body = await server.json("/api/v1/slo")
        file.write_text(DOCUMENT.replace("0.999", "0.99"), encoding="utf-8")
        await reload(server.service, lambda: server.config)
        _, changed = await server.json("/api/v1/slo")
        file.write_text("kind: nonsense", encoding="utf-8")
        await reload(server.service, lambda: server.config)
        _, kept = await server.json("/api/v1/slo")

    (objective,) = body["objectives"]
    assert status == 200
    assert body["at"] == END
    assert [group["labels"] for group in objective["groups"]] == [
        {"uuid": "GPU-a"},
        {"uuid": "GPU-b"},
    ]
    assert objective["groups"][1]["bad_events"] == pytest.approx(600)
    assert changed["objectives"][0]["target"] == 0.99
    assert kept == changed


async def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    """Which setting would change that is said."""
    async with served(tmp_path) as server:
        status, body = await server.json("/api/v1/slo")

    assert status == 404
    assert "name a folder of OpenSLO documents with slo_dir" in body["error"]


async def test_a_parameter_is_refused(tmp_path: Path) -> None:
    """None is known."""
    async with served(tmp_path) as server:
        status, body = await server.json("/api/v1/slo?at=-1h")

    assert (status, body["error"]) == (400, "there is no parameter 'at'; there is none")


def test_a_faulty_folder_ends_the_start(tmp_path: Path) -> None:
    """It is for the operator to mend."""
    (tmp_path / "slo.yaml").write_text(DOCUMENT.replace("Occurrences", "Often"), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"slo\.yaml:\d+: spec\.budgetingMethod"):
        load(str(tmp_path))
