"""What somebody may have meant who wrote a word that we do not know."""

import difflib
from collections.abc import Iterable


def meant(word: str, known: Iterable[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """`did you mean 'this'?`, or *otherwise* if nothing *known* is like *word*.

    Args:
        word: as it was written.
        known: the words that there are.
        otherwise: what helps instead, such as all of them.
        cutoff: how like each other they must be, 0 to 1.
    """
    near = difflib.get_close_matches(word, list(map(str, known)), n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}?" if near else otherwise
