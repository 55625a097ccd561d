"""`gpuvitals generate`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from catalog.errors import ConfigError, GpuVitalsError
from catalog.reference import metrics_page
from cuda_probes.nvrtc import ARCHITECTURES, ptx_of
from exporter.compat.page import dcgm_page
from exporter.health.reference import states_page

FILES: dict[str, Callable[[], str]] = {
    "METRICS.md": metrics_page,
    "docs/dcgm.md": dcgm_page,
    "docs/states.md": states_page,
    **{f"cuda_probes/ptx/{name}.ptx": partial(ptx_of, name) for name in ARCHITECTURES},
}
"""Path from the repository's root -> what is in it."""


@click.command()
@click.option("--out", default=".", show_default=True, help="Root of the repository.")
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if a file is not what would be written."
)
def command(out: str, *, check: bool) -> None:
    """Write every file that is generated: from the catalogue, and the probes' PTX from their kernels.

    Example: gpuvitals generate --check
    """
    root = Path(out)
    if not (root / "pyproject.toml").exists():
        raise ConfigError(f"{out} is not the repository's root; name it with --out")
    stale = [name for name, make in FILES.items() if _read(root / name) != make()]
    if check and stale:
        raise GpuVitalsError(f"not up to date: {', '.join(stale)}; run gpuvitals generate")
    for name in stale:
        (root / name).write_text(FILES[name](), encoding="utf-8")
        print(f"wrote {name}")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
