"""Which of dcgm-exporter's names are written."""

from enum import StrEnum


class Dialect(StrEnum):
    """The setting `compat`."""

    OFF = "off"
    LEGACY = "dcgm-legacy"  # up to 4.8: MHz, MiB, percent, millijoules
    CURRENT = "dcgm-4.9"  # base units
    BOTH = "dcgm-both"

    @property
    def legacy(self) -> bool:
        return self in (Dialect.LEGACY, Dialect.BOTH)

    @property
    def current(self) -> bool:
        return self in (Dialect.CURRENT, Dialect.BOTH)
