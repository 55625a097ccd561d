"""How a GPU is cut into MIG instances, as a word that changes when that does."""

from collections import Counter

from catalog.metrics import mig
from catalog.snapshot import Reading


def fingerprint(reading: Reading) -> str | None:
    """The instances in a reading of the slow tier; None if it cannot tell."""
    mode = None
    instances = []
    for (metric, own), value in zip(reading.layout.series, reading.values, strict=True):
        if metric is mig.MODE:
            mode = value
        elif metric is mig.INSTANCE_INFO:
            instances.append("/".join(own[:3]))
    return None if mode is None else ",".join(("on" if mode else "off", *sorted(instances)))


def sentence(found: str) -> str:
    """*found* for a person."""
    mode, *instances = found.split(",")
    profiles = Counter(one.rpartition("/")[2] for one in instances)
    parts = ", ".join(f"{count} x {profile}" for profile, count in sorted(profiles.items()))
    return f"MIG is {mode}" + (f": {parts}" if parts else "")
