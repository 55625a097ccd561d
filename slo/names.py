"""Every series that our rules record, spelled once.

`slo:LEVEL:OPERATION`, each with the labels `slo` (the objective's name) and those that the objective groups by.
Sums and ratios over a window carry it in the name, as recording rules do elsewhere.
"""

SLICE = "slo:slice:good_ratio"
"""How good the slice of time that ended now was: 0 to 1."""
TOTAL_TILE = "slo:total:tile5m"
"""Events of the five minutes that ended now."""
BAD_TILE = "slo:bad:tile5m"
"""Those of them that were bad."""
PART_TILE = "slo:part:tile5m"
"""The same as the total, for each part of a group; only where the parts of a group are missed one by one."""
SILENT_TILE = "slo:silent:tile5m"
"""Events that five minutes of silence cost, all of them bad; only where silence counts against the budget."""
MEMBER = "slo:member"
"""1 for each group that was listed, whether anybody saw it or not."""
TOTAL_RECENT = "slo:total:increase5m"
BAD_RECENT = "slo:bad:increase5m"
"""The same, but recorded at every evaluation: five minutes that overlap, for burn rates that must be quick."""
STATE = "slo:state"
STATE_CODE = "slo:state:code"
BUDGET_REMAINING = "slo:error_budget:remaining_ratio"
"""What is left of the budget: 1 is all, 0 none, below 0 is overdrawn."""
TIME_TO_EXHAUSTION = "slo:error_budget:time_to_exhaustion_seconds"
COVERAGE = "slo:window:coverage_ratio"
"""Share of the window of which anything is known; of one of the calendar, share of what has passed of it."""

WINDOW_START = "slo:window:start_timestamp_seconds"
WINDOW_END = "slo:window:end_timestamp_seconds"
"""When the present window of the calendar began, and when it ends."""
WINDOW_COUNTED = "slo:window:counted_timestamp_seconds"
"""The begin of the window that tiles were counted of last, per group."""
TILES_COUNTED = "slo:window:tiles"
"""Known tiles since the present window of the calendar began; `counted` has the events in them."""

TOTAL_CORRECTION = "slo:total:correction"
BAD_CORRECTION = "slo:bad:correction"
"""What corrections add to the events of the present window."""
POLICY = "slo:error_budget:policy"
"""1 for the step of the error-budget policy that holds, 0 for the others."""

SLO = "slo"
TIER = "slo_tier"
SEVERITY = "severity"
STATE_LABEL = "state"
REMAINING = "remaining_percent"


def total(window: str) -> str:
    """Events in *window*."""
    return f"slo:total:sum{window}"


def bad(window: str) -> str:
    """Bad events in *window*."""
    return f"slo:bad:sum{window}"


def measured(name: str) -> str:
    """What the series *name* would be if every event counted, where some are left out."""
    return name.replace(":", ":measured_", 1)


def excluded(name: str) -> str:
    """What is left out of the series *name*."""
    return name.replace(":", ":excluded_", 1)


def counted(tile: str) -> str:
    """The sum of the series *tile* since the present window of the calendar began."""
    return f"{tile.rpartition(':')[0]}:counted"


def burn(window: str) -> str:
    """How many times faster than sustainable the budget was spent in *window*."""
    return f"slo:burn_rate:ratio{window}"


def burning(tier: str) -> str:
    """1 where the burn-rate condition of *tier* holds, else 0."""
    return f"slo:burning:{tier}"
