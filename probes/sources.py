"""Opens the source that the operator named: the real driver, a recording, or the simulator."""

import time
from collections import deque
from pathlib import Path

from catalog.errors import ConfigError
from probes.driver import Driver
from probes.messages import Past


def check(spec: str) -> None:
    """Say what is wrong with *spec* before a process is started for it.

    Raises:
        ConfigError: it names no source, or its file cannot be used.
    """
    kind, _, argument = spec.partition(":")
    if kind == "replay" and argument:
        from probes.recording import read  # noqa: PLC0415 - only the chosen source is loaded

        deque(read(Path(argument)), maxlen=0)
    elif kind == "sim" and argument:
        from probes.sim.scenario import load  # noqa: PLC0415

        load(argument)
    elif spec not in ("nvml", "sim"):
        raise _unknown(spec)


def node(spec: str) -> str:
    """The name that the simulated machine gives itself, empty if it has none.

    Raises:
        ConfigError: its file cannot be used.
    """
    kind, _, argument = spec.partition(":")
    if kind != "sim" or not argument:
        return ""
    from probes.sim.scenario import load  # noqa: PLC0415 - only the chosen source is loaded

    return load(argument).node


def open_source(spec: str, nvml_library: str | None = None, past: Past = Past()) -> Driver:  # noqa: B008 - frozen
    """The driver behind `nvml`, `replay:FILE` or `sim[:SCENARIO.yaml]`.

    Raises:
        ConfigError: *spec* is none of these, or its file cannot be used.
        DriverMissing: there is no driver yet.
    """
    kind, _, argument = spec.partition(":")
    if kind == "nvml" and not argument:
        from probes.nvml import open_driver  # noqa: PLC0415 - loads ctypes and a megabyte of pynvml

        return open_driver(nvml_library)
    if kind == "replay" and argument:
        from probes.replay import open_recording  # noqa: PLC0415 - only the chosen source is loaded

        return open_recording(argument, time.time)
    if kind == "sim":
        from probes.sim.driver import SimDriver  # noqa: PLC0415 - only the chosen source is loaded
        from probes.sim.scenario import DEFAULT, load  # noqa: PLC0415

        return SimDriver(load(argument) if argument else DEFAULT, time.time, past)
    raise _unknown(spec)


def _unknown(spec: str) -> ConfigError:
    return ConfigError(
        f"source {spec!r} is not known: use nvml, replay:FILE or sim[:SCENARIO.yaml]"
    )
