from catalog.event import EventKind
from catalog.suggest import meant

KNOWN = ("hang", "blanks", "gpu_lost")


def test_a_slip_is_recognised() -> None:
    """One word that is like the one written is named."""
    assert meant("hank", KNOWN, "use another") == "did you mean 'hang'?"


def test_words_of_an_enumeration_are_words() -> None:
    """They are named as one would write them."""
    assert meant("xidd", EventKind) == "did you mean 'xid'?"


def test_what_is_like_nothing_gets_what_helps_instead() -> None:
    """Or nothing."""
    assert meant("zzz", KNOWN, "use another") == "use another"
    assert not meant("zzz", KNOWN)
