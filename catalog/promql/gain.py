"""What a counter gained in a window, as the difference of two samples.

Nothing is extrapolated, so the gains of windows that follow each other add up. `increase()` extrapolates, and loses what
falls between two windows (https://prometheus.io/docs/prometheus/latest/querying/functions/#increase).
"""

from catalog.promql.expr import Call, Expr, Number, Series

LOOK_BACK = "1h"
"""How long a counter may be silent and still be continued; then it starts anew."""


def reached(counter: Series, window: str) -> Expr:
    """What each series had reached when *window* began."""
    return Call("last_over_time", (counter.over(LOOK_BACK, window),))


def gained(counter: Series, window: str, before: Expr) -> Expr:
    """What each series of *counter* gained in *window*, where *before* is what it had reached at its beginning.

    A counter that fell was reset: it gained what it had reached above *before* when it fell, and what it reached since.
    It may have fallen between two samples of the window, or just before the first. Two resets within one window hide what
    came between.
    """
    last, lowest, highest, resets = (
        Call(function, (counter.over(window),))
        for function in ("last_over_time", "min_over_time", "max_over_time", "resets")
    )
    steady = ((last - before) >= 0).unless(resets > 0).unless(lowest < reached(counter, window))
    above = Call("clamp_min", (highest - before, Number(0))) * resets.reaches(1)
    return steady.or_(above + last)
