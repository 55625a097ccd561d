"""The exporter's settings: a YAML file, the environment and flags, one after the other, with zero bytes between."""

import os
from collections.abc import Iterator

from catalog import yamlfile
from exporter import config, listen, plan
from exporter.compat.dialect import Dialect
from exporter.compat.writer import writer
from exporter.probing.settings import settings as probing
from probes.messages import frame
from tests.fuzz.target import Target, refusal_allowed, text


def one(data: bytes) -> None:
    """A configuration, or one error of ours."""
    file, environment, flags = [*data.split(b"\0", 2), b"", b""][:3]
    with refusal_allowed():
        documents = yamlfile.parse(text(file), "gpuvitals.yaml")
        given = {key: value for key, value in _pairs(flags).items() if key in config.SETTINGS}
        loaded = config.load(given, _pairs(environment), next(iter(documents), None))
        listen.parse(loaded.listen)
        frame(plan.start(loaded))
        plan.metrics_off(loaded)
        probing(loaded)
        writer(loaded.compat)


def _pairs(lines: bytes) -> dict[str, str]:
    """As Python reads the environment and arguments, bytes that are no text included."""
    pairs = (os.fsdecode(line).partition("=") for line in lines.splitlines())
    return {key: value for key, _, value in pairs}


def seeds() -> Iterator[bytes]:
    """Each setting in each of the three places."""
    yield b"listen: :9400\nsource: sim\ncollectors: [memory, -ecc]\nnvlink_per_link: true\n"
    yield b"history_days: 35\nmetrics_off: gpu_power_watts, gpu_energy_joules_total\nlog_level: debug\n"
    yield b"\0GPUVITALS_SOURCE=sim\nGPUVITALS_MAX_SCRAPES=40\nGPUVITALS_PORT=tcp://10.0.0.1:9400\n\0process_series=7\n"
    yield b"\0GPUVITALS_NODE=\xff\0history_days=" + b"9" * 400
    yield b"a: &x [1, 2]\nb: *x\n? {c: d}\n: !!python/object e\n"
    for dialect in Dialect:
        yield f"compat: {dialect}\nprobes: -all,host-link\nprobe_speed: 60\n".encode()
    for name in config.SETTINGS:
        yield f"{name}: 1\n\0{config.PREFIX}{name.upper()}=true\n\0{name}=x".encode()


TARGET = Target(name="config", one=one, seeds=seeds, share=90)
