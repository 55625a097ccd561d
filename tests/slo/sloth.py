"""The rules that the real Sloth makes of what our objectives say."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from catalog import yamlfile
from catalog.promql.expr import Series
from slo.indicator import Ratio
from slo.objective import Objective


def rules(
    program: Path, objectives: Sequence[Objective], service: str, file: Path, target: float = 0
) -> Path:
    """*file*, with the rules of *objectives* under the name of *service*; a *target* takes the place of theirs."""
    spec = file.with_suffix(".spec.yml")
    slos = [_slo(objective, target or objective.target) for objective in objectives]
    document = {"version": "prometheus/v1", "service": service, "slos": slos}
    spec.write_text(yamlfile.dump(document), encoding="utf-8")
    done = subprocess.run(
        [program, "generate", "-i", spec, "-o", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return file


def _slo(objective: Objective, target: float) -> dict[str, object]:
    ratio = objective.indicator
    assert isinstance(ratio, Ratio)
    assert ratio.bad is not None
    events = {
        "error_query": _rate(ratio.bad, objective),
        "total_query": _rate(ratio.total, objective),
    }
    return {
        "name": objective.name,
        "objective": float(f"{target * 100:.12g}"),
        "sli": {"events": events},
        "alerting": {"name": "SlothBurning"},
    }


def _rate(counter: Series, objective: Objective) -> str:
    by = f" by ({', '.join(objective.by)}) " if objective.by else ""
    return f"sum{by}(rate({counter.text('gpuvitals')}[{{{{.window}}}}]))"
