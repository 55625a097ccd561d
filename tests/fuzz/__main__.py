"""Fuzzes all targets, or those named: `python -m tests.fuzz [--runs N] [--found FOLDER] [TARGET...]`, as `make fuzz` does.

Each target is a process that libFuzzer watches, two at a time. An input that raises, takes longer than `HANG` or makes
the process grow beyond `MEMORY` ends its target and is kept under *FOLDER*/TARGET, where the tests find it.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.registry import TARGETS
from tests.fuzz.target import Target

HANG = 5
"""Seconds for one input; the slowest that is right takes some milliseconds."""
MEMORY = 768
"""MiB of one process, its instrumented modules and its corpus included."""
_AT_ONCE = 2
_FOUND = Path(__file__).parent / "found"
_EXECUTED = re.compile(r"(?:^Done |stat::number_of_executed_units: )(\d+)", re.MULTILINE)
_MEMORY = re.compile(r"rss: (\d+)Mb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one target."""

    target: Target
    mutated: int
    peak: int
    seconds: float
    code: int
    log: str

    def line(self) -> str:
        """For the person who waits."""
        verdict = "ok" if self.code == 0 else f"FOUND SOMETHING (exit {self.code})"
        rate = self.mutated / self.seconds
        return (
            f"{self.target.name:14} {self.mutated:9,} mutated inputs in {self.seconds:6.1f} s "
            f"({rate:7,.0f}/s), at most {self.peak} MiB: {verdict}"
        )


def main(arguments: Sequence[str]) -> int:
    """1 if anything was found, 2 if there is no such target."""
    asked = _parser().parse_args(arguments)
    if unknown := [name for name in asked.targets if name not in TARGETS]:
        print(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    targets = [TARGETS[name] for name in asked.targets or TARGETS]
    shares = sum(target.share for target in targets)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = pool.map(
            lambda target: fuzz(target, -(-asked.runs * target.share // shares), asked.found),
            sorted(targets, key=lambda target: target.share),
        )
        return _report(tuple(_told(result) for result in results))


def fuzz(target: Target, runs: int, found: Path) -> Result:
    """Try *runs* inputs that are mutations of the target's seeds."""
    began = time.monotonic()
    artifacts = found / target.name
    artifacts.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{target.name}-") as corpus:
        seeds = tuple(target.seeds())
        for number, seed in enumerate(seeds):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.driver", target.name),
                # The seeds and the empty input are tried first, and count.
                f"-atheris_runs={runs + len(seeds) + 1}",
                f"-max_len={target.longest}",
                f"-timeout={HANG}",
                f"-rss_limit_mb={MEMORY}",
                f"-artifact_prefix={artifacts}/",
                "-print_final_stats=1",
                corpus,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    if not any(artifacts.iterdir()):
        artifacts.rmdir()
    log = ended.stderr.decode(errors="replace") + ended.stdout.decode(errors="replace")
    return Result(
        target=target,
        mutated=max(_most(_EXECUTED, log) - len(seeds) - 1, 0),
        peak=_most(_MEMORY, log),
        seconds=time.monotonic() - began,
        code=ended.returncode,
        log=log,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="mutated inputs in all")
    parser.add_argument("--found", type=Path, default=_FOUND, help="folder of what is found")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    return parser


def _told(result: Result) -> Result:
    print(result.line(), flush=True)
    if result.code:
        print(result.log[-4000:], flush=True)
    return result


def _report(results: Sequence[Result]) -> int:
    wrong = [result.target.name for result in results if result.code]
    print(f"{sum(result.mutated for result in results):,} mutated inputs in all")
    if wrong:
        print(f"found something in {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


def _most(pattern: re.Pattern[str], log: str) -> int:
    return max(map(int, pattern.findall(log)), default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
