"""Thirty days of scrapes of a service, as they go wrong in practice; seeded, so that each run sees the same."""

import random
from collections.abc import Callable, Iterator, Mapping

from tests.slo.reference import Samples

DAY = 86_400
END = 1_790_000_100
"""A time that is no round one."""
START = END - 30 * DAY - 7200
EVERY = 60
_RATE = 20
"""Events a second."""

Service = Mapping[str, Samples]
"""The scrapes of each of its counters: the events that went well, and the errors."""
UNSEEN: dict[str, int] = {}
"""Events of each service that no scrape could see: it restarted after them and before the next scrape."""
Times = Iterator[float]


def _often(random_: random.Random, at: float) -> float:
    del random_, at
    return EVERY


def _irregular(random_: random.Random, at: float) -> float:
    del at
    return random_.uniform(5, 115)


def _missing(random_: random.Random, at: float) -> float:
    """One scrape in ten fails, and sometimes many in a row, for up to half an hour."""
    del at
    return EVERY * (
        random_.randint(2, 30) if random_.random() < 0.02 else 1 + (random_.random() < 0.1)
    )


def _evenly(at: float) -> float:
    del at
    return 0.002


def _bursty(at: float) -> float:
    """Two hours a day have all the errors."""
    return 0.02 if is_peak(at) else 0


def is_peak(at: float) -> bool:
    """Whether *at* lies in the two worst hours of its day."""
    return 12 * 3600 <= at % DAY < 14 * 3600


def service(
    name: str,
    wait: Callable[[random.Random, float], float] = _often,
    share: Callable[[float], float] = _evenly,
    restart: float = 0,
    down: int = 0,
) -> Service:
    """Scrapes of a service.

    Args:
        name: of the service, and the seed.
        wait: how long until the next scrape.
        share: of errors.
        restart: the chance, after each scrape, that its counters begin at 0 before the next.
        down: so many scrapes fail after a restart.
    """
    random_ = random.Random(name)  # noqa: S311 - seeded, no secret
    good, bad, at = 0, 0, float(START)
    found: dict[str, list[tuple[float, float]]] = {"200": [(at, 0)], "500": [(at, 0)]}
    while (step := wait(random_, at)) and at + step <= END:
        counted = step
        if random_.random() < restart:
            good, bad = 0, 0
            counted = random_.uniform(0, step)
            UNSEEN[name] = UNSEEN.get(name, 0) + round((step - counted) * _RATE)
            step += down * EVERY
        at = round(at + step, 3)
        errors = round(counted * _RATE * share(at))
        good, bad = good + round(counted * _RATE) - errors, bad + errors
        found["200"].append((at, good))
        found["500"].append((at, bad))
    return found


SERVICES: Mapping[str, Service] = {
    "steady": service("steady"),
    "irregular": service("irregular", _irregular),
    "missing": service("missing", _missing),
    "resets": service("resets", restart=0.01),
    "restarts": service("restarts", restart=0.01, down=3),
    "bursty": service("bursty", share=_bursty),
    "all": service("all", _missing, _bursty, restart=0.01),
}


def without(found: Service, start: float, end: float) -> Service:
    """The same while nobody scraped from *start* to *end*."""
    return {
        code: [one for one in samples if not start <= one[0] < end]
        for code, samples in found.items()
    }


def openmetrics(services: Mapping[str, Service]) -> Iterator[str]:
    """The scrapes in the text that promtool makes blocks of."""
    yield "# TYPE requests counter\n"
    for name, found in services.items():
        for code, samples in found.items():
            series = f'requests_total{{service="{name}",code="{code}"}}'
            yield from (f"{series} {value:.0f} {at:.3f}\n" for at, value in samples)
    yield "# EOF\n"
