"""What a password costs, and whom that tells something."""

import asyncio
import threading

import bcrypt
import pytest

from exporter.web.door.users import Busy, Users
from tests.exporter.door.house import hashed

HASHES = {"alice": hashed("a").encode(), "bob": hashed("b").encode()}


class Counting:
    """bcrypt, and which hashes it was asked about."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, password: bytes, hash_: bytes) -> bool:
        self.asked.append(hash_)
        return bcrypt.checkpw(password, hash_)


async def test_right_password_costs_bcrypt_once() -> None:
    """A scraper's password is not hashed again with every scrape."""
    check = Counting()
    users = Users(HASHES, check)

    assert [await users.know("alice", "a") for _ in range(3)] == [True, True, True]
    assert check.asked == [HASHES["alice"]]


async def test_unknown_user_costs_as_much_as_a_known_one() -> None:
    """One bcrypt each time, of a hash of somebody, and always the same somebody."""
    check = Counting()
    users = Users(HASHES, check)

    assert not any([await users.know("mallory", "a") for _ in range(3)])
    assert len(check.asked) == 3
    assert len(set(check.asked)) == 1
    assert set(check.asked) <= set(HASHES.values())


async def test_password_of_another_is_not_the_unknown_users() -> None:
    """Whose hash stands in for his cannot be found out by trying that one's password."""
    users = Users({"alice": HASHES["alice"]})

    assert not await users.know("mallory", "a")
    assert not await users.know("mallory", "a")


async def test_wrong_password_always_costs_bcrypt() -> None:
    """Also after the right one is known, and for the same wrong one."""
    check = Counting()
    users = Users(HASHES, check)
    await users.know("alice", "a")

    assert not any([await users.know("alice", "x") for _ in range(3)])
    assert check.asked == [HASHES["alice"]] * 4


async def test_what_is_remembered_is_bounded_and_no_password() -> None:
    """One digest per user, of a key that each process has for itself."""
    users, others = Users(HASHES), Users(HASHES)
    for name, password in (("alice", "a"), ("bob", "b"), ("eve", "e"), ("alice", "z")):
        await users.know(name, password)
        await others.know(name, password)

    assert users._right.keys() == HASHES.keys()
    assert all(len(digest) == 32 for digest in users._right.values())
    assert users._right != others._right


@pytest.mark.parametrize("password", ["", "a" * 100, "\0", "ä", "\udcff"])
async def test_odd_passwords_are_wrong_not_errors(password: str) -> None:
    """Also those that bcrypt would not take."""
    assert not await Users(HASHES).know("bob", password)


async def test_bcrypt_looks_at_72_bytes() -> None:
    """As it did when the hash was made."""
    users = Users({"carol": hashed("c" * 72).encode()})

    assert await users.know("carol", "c" * 80)


async def test_hashing_blocks_nobody_and_is_limited() -> None:
    """While passwords are hashed the loop goes on; at most two at a time, and a full queue is refused."""
    started, go = threading.Event(), threading.Event()
    running: list[int] = []

    def slow(_password: bytes, _hash: bytes) -> bool:
        running.append(1)
        started.set()
        go.wait()
        running.append(-1)
        return False

    users = Users(HASHES, slow)
    guesses = [asyncio.create_task(users.know("alice", str(n))) for n in range(34)]
    await asyncio.to_thread(started.wait)
    with pytest.raises(Busy):
        await users.know("bob", "b")
    go.set()
    answers = await asyncio.gather(*guesses)

    assert not any(answers)
    assert max(sum(running[:end]) for end in range(len(running))) <= 2


async def test_many_connections_of_one_scraper_cost_one_hash() -> None:
    """A hundred requests that come at once with the same right password are all let in, for one bcrypt."""
    bcrypts = Counting()
    users = Users({"alice": hashed("right").encode()}, bcrypts)

    answers = await asyncio.gather(*(users.know("alice", "right") for _ in range(100)))

    assert all(answers)
    assert len(bcrypts.asked) == 1
