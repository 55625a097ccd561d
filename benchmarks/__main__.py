"""Runs the benchmarks by name, or all that this machine can: `python -m benchmarks [NAME...]`. Results go to benchmarks/RESULTS.md."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import (
    collection_cost,
    event_latency,
    faults_to_alerts,
    footprint,
    hang,
    healthy_fleet,
    history_size,
    kernel_log,
    kills,
    load,
    needs,
    on_gpu,
    paging,
    probe_schedule,
    rule_cost,
    scrape,
    slo_check,
    slo_rules,
    slo_status,
    slow_clients,
)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One section of the results.

    Attributes:
        run: takes the arguments of its own command line.
        lacks: what it misses here; empty if it can run.
    """

    run: Callable[[Sequence[str]], None]
    arguments: tuple[str, ...] = ()
    lacks: Callable[[], str] = needs.nothing


BENCHMARKS = {
    "scrape": Benchmark(scrape.main),
    "slow_clients": Benchmark(slow_clients.main),
    "load": Benchmark(load.main, lacks=needs.wrk),
    "hang": Benchmark(hang.main),
    "kernel_log": Benchmark(kernel_log.main),
    "event_latency": Benchmark(event_latency.main),
    "kills": Benchmark(kills.main),
    "probe_schedule": Benchmark(probe_schedule.main),
    "paging": Benchmark(paging.main, lacks=needs.alertmanager),
    "faults_to_alerts": Benchmark(faults_to_alerts.main, lacks=needs.alertmanager),
    "healthy_fleet": Benchmark(healthy_fleet.main, lacks=needs.prometheus),
    "rule_cost": Benchmark(rule_cost.main, lacks=needs.prometheus),
    "slo_check": Benchmark(slo_check.main),
    "slo_rules": Benchmark(slo_rules.main, lacks=needs.sloth),
    "slo_status": Benchmark(slo_status.main, lacks=needs.prometheus),
    "history_size": Benchmark(history_size.main),
    "footprint": Benchmark(footprint.main),
    "footprint_in_cluster": Benchmark(footprint.main, ("--cluster",)),
    "footprint_nvml": Benchmark(footprint.main, ("--source", "nvml"), needs.gpu),
    "collection_cost": Benchmark(collection_cost.main, lacks=needs.gpu),
    "on_gpu": Benchmark(on_gpu.main, lacks=needs.gpu_with_pytorch),
}


def main(names: Sequence[str]) -> int:
    """Run those called *names*, or all; 1 if one that was named cannot run here, 2 if there is no such benchmark."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        print(
            f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}",
            file=sys.stderr,
        )
        return 2
    left_out = {}
    for name in names or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        if lacking := benchmark.lacks():
            left_out[name] = lacking
        else:
            benchmark.run(benchmark.arguments)
    for name, lacking in left_out.items():
        print(f"{name}: not run, {lacking}", file=sys.stderr)
    return int(bool(names and left_out))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
