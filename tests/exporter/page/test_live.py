import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from exporter.page.gpu_table import Fragments
from exporter.page.live import Crowded, Listener, Live
from exporter.page.markup import Markup

FAST = 0.01
BEAT = b'event: beat\ndata: ""\n\n'


class Easel:
    """Draws what it is told to, and counts."""

    def __init__(self) -> None:
        self.times = 0
        self.now: Fragments = {"a": Markup("1"), "b": Markup("1")}

    async def paint(self) -> Fragments:
        self.times += 1
        return dict(self.now)


def heard(frame: bytes) -> tuple[str, object]:
    """Name and content of one event."""
    name, data = frame.decode().strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def first(listener: Listener) -> tuple[str, object]:
    """The next event that is news."""
    frames: AsyncIterator[bytes] = listener.frames()
    return heard(await anext(frame async for frame in frames if frame != BEAT))


async def test_nothing_is_drawn_when_nobody_looks() -> None:
    """Drawing begins with the first page and ends with the last."""
    live, easel = Live(every=FAST), Easel()
    with live.listening("", easel.paint) as listener:
        await first(listener)
    drawn = easel.times
    await asyncio.sleep(5 * FAST)

    assert drawn > 0
    assert easel.times == drawn


async def test_many_pages_cost_one_drawing() -> None:
    """However many look at the same page, it is drawn once."""
    live, easel = Live(every=10), Easel()
    with live.listening("", easel.paint) as one, live.listening("", easel.paint) as other:
        assert await first(one) == await first(other) == ("patch", {"a": "1", "b": "1"})

    assert easel.times == 1


async def test_only_what_changed_is_told() -> None:
    """First everything, then the differences."""
    live, easel = Live(every=FAST), Easel()
    with live.listening("", easel.paint) as listener:
        await first(listener)
        easel.now["b"] = Markup("2")

        assert await first(listener) == ("patch", {"b": "2"})


async def test_a_drawing_without_news_is_told_too() -> None:
    """A page that hears nothing for seconds may say so: every drawing reaches it."""
    live, easel = Live(every=FAST), Easel()
    with live.listening("", easel.paint) as listener:
        await first(listener)
        frames = listener.frames()

        assert [await anext(frames) for _ in range(3)] == 3 * [BEAT]


async def test_a_drawing_that_hangs_is_silence() -> None:
    """No beat says "live" about a page that is not drawn."""
    live, stuck = Live(every=FAST), asyncio.Event()

    async def hangs() -> Fragments:
        await stuck.wait()
        return {}

    with live.listening("", hangs) as listener, pytest.raises(TimeoutError):
        async with asyncio.timeout(20 * FAST):
            await anext(listener.frames())


async def test_who_comes_later_gets_everything_at_once() -> None:
    """A second page does not wait for the next change."""
    live, easel = Live(every=10), Easel()
    with live.listening("", easel.paint) as one:
        await first(one)
        with live.listening("", easel.paint) as other:
            assert await first(other) == ("patch", {"a": "1", "b": "1"})


async def test_a_slow_page_is_told_once_of_many_changes() -> None:
    """What it did not take in time is put together: memory stays bounded."""
    listener = Listener()
    for number in range(1000):
        listener.offer({"a": Markup(str(number))})

    assert await first(listener) == ("patch", {"a": "999"})


async def test_a_page_with_other_parts_is_fetched_again() -> None:
    """A GPU that came or went changes the table itself."""
    live, easel = Live(every=FAST), Easel()
    with live.listening("", easel.paint) as listener:
        await first(listener)
        easel.now = {"a": Markup("1"), "c": Markup("1")}

        assert await first(listener) == ("reshaped", "")


async def test_there_is_room_for_so_many() -> None:
    """One page more than the bound is refused; a page that closes makes room."""
    live, easel = Live(most=1), Easel()
    with live.listening("", easel.paint), pytest.raises(Crowded), live.listening("b", easel.paint):
        pass
    with live.listening("b", easel.paint):
        pass


async def test_closing_ends_every_stream() -> None:
    """A shutdown does not wait for browsers."""
    live, easel = Live(every=10), Easel()
    with live.listening("", easel.paint) as listener:
        await first(listener)
        await live.close(web.Application())

        assert [frame async for frame in listener.frames()] == []
    with pytest.raises(Crowded), live.listening("", easel.paint):
        pass


async def test_a_page_that_cannot_be_drawn_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A bug on one page is logged and leaves the others live."""

    async def broken() -> Fragments:
        raise ValueError

    live, easel = Live(every=FAST), Easel()
    with live.listening("GPU-a", broken) as one, live.listening("", easel.paint) as other:
        assert [frame async for frame in one.frames()] == []
        assert await first(other) == ("patch", {"a": "1", "b": "1"})

    assert caplog.messages[0] == "page.failed"
