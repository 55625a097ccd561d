"""Whether a threshold can be reached by a metric of ours, whose range is known."""

from catalog.errors import ConfigError
from catalog.metrics import BY_NAME
from catalog.promql.selector import parse


def unreachable(query: str, op: str, value: float) -> str:
    """Why every value of *query*, or none, would be good; empty if there are both, or nothing is known of it."""
    try:
        metric = BY_NAME.get(parse(query).name)
    except ConfigError:
        return ""
    if metric is None or metric.plausible is None:
        return ""
    least, most = metric.plausible
    if least <= value <= most:
        return ""
    always = (value > most) == op.startswith("l")
    return (
        f"the threshold {value:g} is out of reach: {metric.name} lies between {least:g} and {most:g}, "
        f"so {'every' if always else 'no'} slice would be good"
    )
