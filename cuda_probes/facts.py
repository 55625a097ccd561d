"""What a GPU is, as CUDA tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a GPU is, from its own attributes; None where it cannot tell."""

    cuda: str
    model: str
    capability: tuple[int, int]
    sms: int
    memory_bytes: int
    memory_hertz: float | None
    bus_bits: int | None
    l2_bytes: int

    @property
    def peak(self) -> float | None:
        """Bytes a second that the memory's pins could carry: two transfers a clock."""
        if self.memory_hertz is None or self.bus_bits is None:
            return None
        return self.memory_hertz * self.bus_bits * 2 / 8
