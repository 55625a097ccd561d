"""Answers about the links to the host and to other GPUs."""

from probes.driver import Answer
from probes.sim.board import Now, Questions, invalid, not_supported

_LANES = 16


def nvlink_state(now: Now, link: int) -> Answer:
    """Whether a link is up: all that the model has, unless MIG cut them off."""
    links = now.board.model.nvlinks
    if not links:
        raise not_supported("NVLink")
    if not 0 <= link < links:
        raise invalid("NVLink number")
    return int(not now.mig)


QUESTIONS: Questions = {
    "nvmlDeviceGetCurrPcieLinkGeneration": lambda now: now.board.effects.link(now.at)[0],
    "nvmlDeviceGetCurrPcieLinkWidth": lambda now: now.board.effects.link(now.at)[1],
    "nvmlDeviceGetMaxPcieLinkGeneration": lambda now: now.board.model.pcie_generation,
    "nvmlDeviceGetMaxPcieLinkWidth": lambda _now: _LANES,
    "nvmlDeviceGetPcieReplayCounter": lambda now: now.board.effects.pcie_errors(now.at),
    "nvmlDeviceGetNvLinkState": nvlink_state,
}
