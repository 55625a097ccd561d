"""`gpuvitals probe`: active probes, one now, all there are, or what they have learned forgotten."""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.errors import ConfigError, DriverMissing
from catalog.probe import Probe, ProbeClass, Reason
from gpuvitals.context import World
from gpuvitals.options import config_options, resolve

if TYPE_CHECKING:
    from exporter.probing.once import Bedside
    from probes.active.record import Record

_USERS_TO_MEND = frozenset(
    (Reason.NO_PYCUDA, Reason.NO_DRIVER, Reason.DRIVER_TOO_OLD, Reason.NO_SUCH_GPU)
)
_CLASSES = {
    ProbeClass.A: "beside tenants, every 10 minutes",
    ProbeClass.B: "on an idle GPU, every hour",
}


@click.group()
def command() -> None:
    """Active probes: small CUDA tests of a GPU.

    Example: gpuvitals probe run memory-bandwidth --source sim
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per probe.")
def list_probes(*, as_json: bool) -> None:
    """Print which probes there are.

    Example: gpuvitals probe list
    """
    from probes.active.task import TASKS  # noqa: PLC0415 - --help must not load them

    for task in TASKS:
        if as_json:
            row = {"probe": task.name, "class": task.probe_class.value, "what": task.what}
            print(json.dumps(row))
        else:
            runs = f"{task.probe_class}: {_CLASSES[task.probe_class]}"
            print(f"{task.name:18} {runs:35} {task.what}")


@command.command()
@click.argument("name")
@click.option("--gpu", default="0", show_default=True, help="Index or UUID of the GPU.")
@click.option("--peer", help="Index or UUID of the other GPU of peer-link.")
@click.option("--source", default="nvml", show_default=True, help="nvml or sim[:SCENARIO.yaml].")
@click.option(
    "--nvml-library", default="", help="NVML's library, if it is not where it usually is."
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="State folder of an exporter, to compare with the baseline that it has learned.",
)
@click.option("--force", is_flag=True, help="Run even if somebody computes or the clocks are low.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@click.pass_obj
def run(
    world: World,
    /,
    name: str,
    gpu: str,
    peer: str | None,
    source: str,
    nvml_library: str,
    state_dir: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> int:
    """Run the probe NAME once, now. Exit status: 0 healthy, 1 not, 2 something is to be mended first.

    Example: gpuvitals probe run memory-bandwidth --gpu 0
    """
    from exporter.probing import report, settings  # noqa: PLC0415 - --help must not load a server
    from exporter.probing.once import Bedside, once  # noqa: PLC0415
    from probes.active.task import BY_NAME  # noqa: PLC0415
    from probes.sources import open_source  # noqa: PLC0415

    task = BY_NAME[settings.known(name)]
    settings.check_source(source)
    driver = open_source(source, nvml_library or None)
    try:
        devices = driver.devices()
        if not devices:
            raise DriverMissing(0, "the driver has no devices, so there is nothing to probe")
        bedsides = [Bedside(driver, each, world.clock, time.monotonic) for each in devices]
        chosen = _chosen(bedsides, gpu, "--gpu")
        other = _peer(bedsides, chosen, peer) if task.probe is Probe.PEER_LINK else None
        record = _known(state_dir, chosen, task.name, other)
        done = asyncio.run(once(chosen, task, other, record, forced=force))
    finally:
        driver.close()
    if done.trial is not None and done.trial.reason in _USERS_TO_MEND:
        raise ConfigError(f"{task.name}: {done.trial.message or done.trial.reason}")
    print(json.dumps(report.as_json(done)) if as_json else "\n".join(report.as_text(done)))
    return 0 if done.verdict == "healthy" else 1


def _chosen(bedsides: Sequence["Bedside"], wanted: str, option: str) -> "Bedside":
    for each in bedsides:
        if wanted in (str(each.view.identity.index), each.view.identity.uuid):
            return each
    there = ", ".join(
        f"{each.view.identity.index} ({each.view.identity.uuid})" for each in bedsides
    )
    raise ConfigError(f"{option}: there is no GPU {wanted!r}; there are {there}")


def _peer(bedsides: Sequence["Bedside"], chosen: "Bedside", peer: str | None) -> str:
    others = [each for each in bedsides if each is not chosen]
    if not others:
        raise ConfigError("peer-link needs two GPUs, and there is one")
    found = others[0] if peer is None else _chosen(others, peer, "--peer")
    return found.view.identity.uuid


def _known(state_dir: Path | None, chosen: "Bedside", task: str, peer: str | None) -> "Record":
    from exporter.probe_notes import ProbeNotes  # noqa: PLC0415 - --help must not load a server
    from history.database import Database  # noqa: PLC0415
    from probes.active.record import Record  # noqa: PLC0415

    if state_dir is None:
        return Record()
    with Database.open_reader(state_dir) as database:
        records = ProbeNotes(database).load().get(chosen.view.identity.uuid, {})
    return records.get(f"{task} {peer}" if peer else task, Record())


@command.command()
@click.option("--gpu", "uuid", default="", help="UUID of the GPU; all by default.")
@click.option("--probe", "name", default="", help="The probe; all by default.")
@config_options("state_dir")
@click.pass_obj
def reset(world: World, /, uuid: str, name: str, config_file: str | None, **given: object) -> None:
    """Have a running exporter learn its baselines anew; the audit log tells of it.

    Needed only after a change that nobody can see, such as another slot: a new driver, VBIOS or clocks policy does it by
    itself.

    Example: gpuvitals probe reset --gpu GPU-8f0e6c2a-7d1b-4c55-9a3e-2b6f0d9c1e77
    """
    from exporter import control  # noqa: PLC0415 - --help must not load a server
    from exporter.probing.settings import known  # noqa: PLC0415

    task = known(name) if name else ""
    config = resolve(world, config_file, given)
    pid = control.reset_baselines(Path(config.state_dir), uuid, task)
    print(
        f"the exporter with pid {pid} learns {task or 'all probes'} of {uuid or 'all GPUs'} anew"
    )
