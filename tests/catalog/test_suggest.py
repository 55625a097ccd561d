from catalog.suggest import meant

KNOWN = ("hang", "blanks", "gpu_lost")


def test_a_slip_is_recognised() -> None:
    """One word that is like the one written is named."""
    assert meant("hank", KNOWN, "use another") == "did you mean 'hang'?"


def test_what_is_like_nothing_gets_what_helps_instead() -> None:
    """Or nothing."""
    assert meant("zzz", KNOWN, "use another") == "use another"
    assert not meant("zzz", KNOWN)
