"""`gpuvitals simulate`."""

import sys

import click

from exporter.fleet.spec import MOST_GPUS, MOST_NODES, MOST_READINGS, FleetSpec
from exporter.listen import bind
from gpuvitals.context import World
from probes.sim.board import GpuSpec
from probes.sim.models import MODELS
from probes.sim.workload import Profile

_PROMETHEUS = """\b
In Prometheus' configuration:
  scrape_configs:
    - job_name: gpuvitals
      http_sd_configs: [{url: "http://127.0.0.1:9400/sd"}]
"""


@click.command(epilog=_PROMETHEUS)
@click.option("--nodes", required=True, type=click.IntRange(1, MOST_NODES), help="How many nodes.")
@click.option(
    "--gpus", required=True, type=click.IntRange(1, MOST_GPUS), help="How many GPUs on each."
)
@click.option(
    "--listen", default="127.0.0.1:9400", show_default=True, help="Where to serve: HOST:PORT."
)
@click.option(
    "--model",
    default="H100",
    show_default=True,
    type=click.Choice(list(MODELS)),
    help="What the GPUs are.",
)
@click.option(
    "--workload",
    default=Profile.TRAINING.value,
    show_default=True,
    type=click.Choice([profile.value for profile in Profile], case_sensitive=False),
    help="What the GPUs do.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Fleets of one seed are the same.",
)
@click.option(
    "--readings",
    default=MOST_READINGS,
    show_default=True,
    type=click.IntRange(1, MOST_READINGS),
    help="Readings of each GPU between two scrapes at most; fewer cost less and see less.",
)
@click.option(
    "--allow-fault-injection",
    is_flag=True,
    help="Take POST /nodes/NAME/api/v1/faults, .../stop and .../start.",
)
@click.pass_obj
def command(
    world: World,
    *,
    nodes: int,
    gpus: int,
    listen: str,
    model: str,
    workload: str,
    seed: int,
    readings: int,
    allow_fault_injection: bool,
) -> None:
    """Serve a fleet of simulated nodes on one port, for Prometheus to find with http_sd_configs at /sd.

    Example: gpuvitals simulate --nodes 50 --gpus 8
    """
    from exporter.fleet.fleet import Fleet  # noqa: PLC0415 - --help must not load a server
    from exporter.fleet.http import serve  # noqa: PLC0415

    gpu = GpuSpec(model=MODELS[model], workload=Profile(workload))
    fleet = Fleet(
        FleetSpec(nodes=nodes, gpus=gpus, gpu=gpu, seed=seed, readings=readings), world.clock
    )
    with bind(listen) as listener:
        host, port = listener.getsockname()[:2]
        print(
            f"Serving {nodes} x {gpus} {model}: http://{host}:{port}/, for Prometheus at /sd; Ctrl-C ends.",
            file=sys.stderr,
        )
        serve(fleet, listener, fault_injection=allow_fault_injection)
