"""`gpuvitals xid`: what the driver's error codes mean and what to do about them."""

import json
import textwrap
from collections.abc import Iterator, Sequence

import click

from catalog.errors import ConfigError
from catalog.xid import facts, lookup, nvlink5, sxid
from catalog.xid.facts import Facts
from catalog.xid.policy import Policy
from gpuvitals.context import World
from gpuvitals.options import config_options, resolve

_WIDTH = 100
_INDENT = 17
# Keys of the facts -> how they are headed in the text, in the order of the text.
_HEADINGS = {
    "mnemonic": "name",
    "action": "what to do",
    "notifies": "notifies",
    "reason": "why",
    "concerns": "concerns",
    "severity": "severity",
    "impact": "impact",
    "recovery": "recovery",
    "unit": "unit",
    "reach": "reach",
    "next": "if it repeats",
    "decided_with": "decided with",
    "comes_with": "comes with",
    "gpus": "reported by",
    "link": "NVIDIA",
}
_MEANINGS = {
    "none": "nothing to do",
    "restart_app": "its owner starts the application again",
    "contact_support": "somebody has to look, with the vendor where it is broken",
    "reset_gpu": "drain the GPU and reset it",
    "reboot_node": "drain the node and reboot it",
    "application": "most probably user code",
    "driver": "most probably the driver or its firmware",
    "hardware": "most probably the GPU",
    "nvlink": "most probably a link between GPUs",
    "node": "most probably what the GPU is plugged into: PCIe, power",
    "test": "whoever tests",
    "check_companions": "the other Xids of that moment; if there are none, report it",
    "check_host": "the other logs of the host, for this follows from something else",
    "check_link_down": "did a link of the partition go down in the 30 s before? if not, report it",
    "check_peer": "the device at the other end of the link",
    "check_signal": "the signal of the link",
    "check_signal_and_cables": "the signal of the link, its cable, seating and temperature",
    "check_software": "who or which software did it, unless it was meant",
    "check_software_and_signal": "who or which software did it, then the signal of the link",
    "report_if_daily": "report it if it comes more than once a day",
}


def _word(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number < 2**32:
        raise click.BadParameter(f"{text!r} is no number of 32 bits such as 0x021425c6")
    return number


@click.command()
@click.argument("code", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per code.")
@click.option("--sxid", "switch", is_flag=True, help="CODE is an SXid, the error of an NVSwitch.")
@click.option("--intrinfo", callback=_word, help="Of Xid 144 to 150: the record's first number.")
@click.option("--status", callback=_word, help="Of Xid 144 to 150: the record's second number.")
@config_options("xid_actions")
@click.pass_obj
def command(
    world: World,
    /,
    code: int | None,
    *,
    as_json: bool,
    switch: bool,
    intrinfo: int | None,
    status: int | None,
    config_file: str | None,
    **given: object,
) -> int:
    """Explain CODE: what it means, what to do and why. Without CODE: all that are in use.

    What the exporter's configuration overrides is shown as overridden.

    Example: gpuvitals xid 79
    """
    numbers = _numbers(intrinfo, status, allowed=code in nvlink5.CODES and not switch)
    policy = Policy(overrides=dict(resolve(world, config_file, given).xid_actions))
    if code is None:
        listed = tuple(_all_switch() if switch else _all(policy))
        print("\n".join(map(json.dumps, listed) if as_json else _table(listed)))
        return 0
    known = facts.of_sxid(code) if switch else facts.of_xid(code, numbers, policy)
    print(json.dumps(known) if as_json else "\n".join(_text(known)))
    return 0 if known["catalogued"] and known.get("decoded", True) else 1


def _numbers(intrinfo: int | None, status: int | None, *, allowed: bool) -> tuple[int, int] | None:
    if intrinfo is None and status is None:
        return None
    if not allowed:
        raise ConfigError("--intrinfo and --status are for Xid 144 to 150")
    if intrinfo is None or status is None:
        raise ConfigError("give both --intrinfo and --status: the record's first two numbers")
    return intrinfo, status


def _all(policy: Policy) -> Iterator[Facts]:
    used = {code for code, xid in lookup.catalogued().items() if xid.used}
    return (facts.of_xid(code, None, policy) for code in sorted(used.union(policy.overrides)))


def _all_switch() -> Iterator[Facts]:
    return (facts.of_sxid(code) for code in sxid.catalogued())


def _table(known: Sequence[Facts]) -> Iterator[str]:
    keys = ("sxid" if "sxid" in known[0] else "xid", "action", "notifies", "description")
    cells = [
        [key.upper() for key in keys],
        *([str(fact[key]) for key in keys] for fact in known),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(padded).rstrip()


def _text(known: Facts) -> Iterator[str]:
    title = f"SXid {known['sxid']}" if "sxid" in known else f"Xid {known['xid']}"
    if not known["catalogued"]:
        yield f"{title}: NVIDIA does not list it"
    else:
        yield f"{title}: {known['description']}"
    if not known.get("decoded", True):
        yield "NVIDIA lists no sub-code with these numbers; what follows holds for the code alone."
    for key, heading in _HEADINGS.items():
        if known.get(key):
            yield _line(heading, _value(known[key]))


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    meaning = _MEANINGS.get(str(value))
    return f"{value}: {meaning}" if meaning else str(value)


def _line(heading: str, text: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=f"  {heading}".ljust(_INDENT),
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
