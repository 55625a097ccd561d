"""Whatever YAML can hold, for property tests of what reads it."""

from collections.abc import Collection

from hypothesis import strategies as st

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)


def documents(*keys: str, words: Collection[object] = ()) -> st.SearchStrategy[object]:
    """Documents in which *keys* and *words* are often in the right place, and often not."""
    scalars = (_SCALARS | st.sampled_from(list(words))) if words else _SCALARS
    names = st.sampled_from(keys) | st.text(max_size=8)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
        max_leaves=12,
    )
