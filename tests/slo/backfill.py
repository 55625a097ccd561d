"""Rules evaluated over a past that Prometheus did not see: its own backfilling, one rule after the other.

A rule that reads what another records finds it only in blocks that the server has loaded, so it starts anew after each.
"""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from catalog.rules.files import plain
from catalog.rules.rule import Group, Record
from tests.prometheus import Prometheus, running

Span = tuple[float, float]


class Past:
    """Blocks in *folder*, that promtool writes and a Prometheus reads."""

    def __init__(self, tool: Callable[[str], Path], folder: Path) -> None:
        self._tool = tool
        self._folder = folder

    def scrapes(self, lines: Iterable[str]) -> None:
        """Keep samples that are written in OpenMetrics."""
        file = self._folder / "scrapes.txt"
        with file.open("w") as output:
            output.writelines(lines)
        self._promtool("openmetrics", file, self._folder / "data", "--max-block-duration=720h")

    def evaluate(self, group: Group, record: Record, span: Span) -> None:
        """Evaluate one rule of *group* in its rhythm over *span*."""
        file = self._folder / "rules.yml"
        file.write_text(plain([replace(group, rules=(record,))], "none", "test"))
        with self.server() as prometheus:
            self._promtool(
                "rules",
                f"--url={prometheus.url}",
                f"--start={span[0]:.0f}",
                f"--end={span[1]:.0f}",
                f"--output-dir={self._folder / 'data'}",
                file,
            )

    @contextmanager
    def server(self) -> Iterator[Prometheus]:
        """A Prometheus that has read all there is."""
        config: dict[str, object] = {"global": {}}
        with running(
            self._tool("prometheus"), config, self._folder, "--storage.tsdb.retention.time=100y"
        ) as found:
            yield found

    def _promtool(self, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._tool("promtool"), "tsdb", "create-blocks-from", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
