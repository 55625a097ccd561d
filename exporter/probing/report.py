"""What one run found, as a line of JSON or as text for a person."""

from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Any

from catalog.probe import Latency, Measurement
from exporter.probing.once import Report
from probes.active.record import Record

_WIDTH = 18
_UNITS = {
    "sm_hertz": ("SM clock before", 1e6, "MHz"),
    "probe_sm_hertz": ("SM clock during", 1e6, "MHz"),
    "memory_hertz": ("memory clock", 1e6, "MHz"),
    "celsius": ("temperature", 1, "°C"),
    "watts": ("power", 1, "W"),
}


def as_json(report: Report) -> dict[str, Any]:
    """Everything, as JSON has it."""
    view, result, record = report.view, report.result, report.record
    return {
        "gpu": view.identity.index,
        "uuid": view.identity.uuid,
        "model": view.identity.model,
        "probe": report.task.name,
        "class": report.task.probe_class.value,
        "skip": report.skip.value if report.skip else None,
        "outcome": record.outcome if record else None,
        "reason": record.reason if record else "",
        "message": record.message if record else "",
        "verdict": report.verdict.value if report.verdict else None,
        "why": list(record.why) if record and report.verdict else [],
        "measurements": [_measured(each) for each in result.measurements] if result else [],
        "latencies": [_latency(each) for each in result.latencies] if result else [],
        "sms_covered": result.sms_covered if result else None,
        "verified_bytes": result.verified_bytes if result else 0,
        "mismatch_count": result.mismatch_count if result else 0,
        "gpu_seconds": report.trial.gpu_seconds if report.trial else 0.0,
        "timings": dict(result.timings) if result else {},
        "context": dict(record.context) if record else {},
    }


def _measured(each: Measurement) -> dict[str, Any]:
    share = None if each.peak is None else each.bytes_per_second / each.peak
    return {
        "direction": each.name,
        "bytes_per_second": each.bytes_per_second,
        "peak_ratio": share,
        "spread": each.spread,
        "repeats": each.repeats,
    }


def _latency(each: Latency) -> dict[str, Any]:
    points = percentiles(each.seconds)
    return {"name": each.name, "count": len(each.seconds), **points}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    if len(seconds) < 2:
        return dict.fromkeys(("p50", "p99"), seconds[0]) if seconds else {}
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return {"p50": hundredths[49], "p99": hundredths[98]}


def as_text(report: Report) -> Iterator[str]:
    """Lines for a person."""
    identity = report.view.identity
    title = f"GPU {identity.index}, {identity.model}: {report.task.name}"
    record = report.record
    if report.skip is not None or record is None:
        yield f"{title} did not run: {report.skip}"
        return
    yield f"{title} {_ending(report)}"
    result = report.result
    if result is not None:
        yield from (_bandwidth(each) for each in result.measurements)
        yield from (_delay(each) for each in result.latencies)
        if result.sms_covered is not None:
            yield _line("SMs that answered", f"{result.sms_covered} of {result.context.sms}")
        if result.verified_bytes:
            yield _line("verified", f"{result.verified_bytes / 2**20:,.0f} MiB")
        yield _line("GPU time", f"{result.gpu_seconds * 1000:.1f} ms")
    yield from _context(report)


def _ending(report: Report) -> str:
    record = report.record or Record()
    if report.verdict is None:
        return f"gave no answer: {record.message or record.reason}"
    why = f": {'; '.join(record.why)}" if record.why else ""
    return f"is {report.verdict}{why}"


def _bandwidth(each: Measurement) -> str:
    share = "" if each.peak is None else f"{each.bytes_per_second / each.peak:7.1%} of the peak"
    value = f"{each.bytes_per_second / 1e9:9,.1f} GB/s"
    return _line(each.name, f"{value} {share:20} spread {each.spread:.1%}")


def _delay(each: Latency) -> str:
    points = percentiles(each.seconds)
    text = ", ".join(f"{name} {value * 1e6:.2f} µs" for name, value in points.items())
    return _line(each.name, f"{text} of {len(each.seconds)}")


def _context(report: Report) -> Iterator[str]:
    context = report.record.context if report.record else {}
    for name, (title, divisor, unit) in _UNITS.items():
        value = context.get(name)
        if isinstance(value, float):
            yield _line(title, f"{value / divisor:,.0f} {unit}")
    if context.get("clock_reasons"):
        yield _line("clock reasons", str(context["clock_reasons"]).replace("_", " "))


def _line(title: str, text: str) -> str:
    return f"  {title.replace('_', ' '):{_WIDTH}} {text}".rstrip()
