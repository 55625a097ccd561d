"""`gpuvitals generate`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from alerts import runbook
from alerts.policies import ALL
from alerts.reference import alerts_page
from catalog.errors import ConfigError
from catalog.reference import metrics_page
from cuda_probes.nvrtc import ARCHITECTURES, ptx_of
from exporter.compat.page import dcgm_page
from exporter.health.reference import states_page
from gpuvitals import generated

FILES: dict[str, Callable[[], str]] = {
    "METRICS.md": metrics_page,
    "docs/alerts.md": alerts_page,
    "docs/dcgm.md": dcgm_page,
    "docs/states.md": states_page,
    **{f"cuda_probes/ptx/{name}.ptx": partial(ptx_of, name) for name in ARCHITECTURES},
}
"""Path from the repository's root -> what is in it."""
RUNBOOKS = {f"docs/runbooks/{policy.name}.md": partial(runbook.page, policy) for policy in ALL}
"""The same of files that are in part written by hand: from what they are now."""


@click.command()
@click.option("--out", default=".", show_default=True, help="Root of the repository.")
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if a file is not what would be written."
)
def command(out: str, *, check: bool) -> None:
    """Write every file that is generated: from the catalogue, alerts from their policies, the probes' PTX from their kernels.

    Example: gpuvitals generate --check
    """
    root = Path(out)
    if not (root / "pyproject.toml").exists():
        raise ConfigError(f"{out} is not the repository's root; name it with --out")
    whole = {name: partial(_whole, make) for name, make in FILES.items()}
    files = {root / name: make for name, make in {**whole, **RUNBOOKS}.items()}
    generated.keep(files, "gpuvitals generate", check=check)


def _whole(make: Callable[[], str], _present: str) -> str:
    return make()
