"""What an operator does about an error: five answers, in the order of their urgency."""

from collections.abc import Iterable
from enum import StrEnum

from catalog.severity import Severity


class Action(StrEnum):
    """What an error asks for; a later one is more urgent.

    Attributes:
        NONE: nothing; it is counted.
        RESTART_APP: the owner of the application starts it again, and mends it where it is to blame.
        CONTACT_SUPPORT: a person looks: at cables and versions, with the vendor, for a spare part.
        RESET_GPU: the GPU is of no use until it is drained and reset.
        REBOOT_NODE: the GPU is of no use until its node restarts.
    """

    NONE = "none"
    RESTART_APP = "restart_app"
    CONTACT_SUPPORT = "contact_support"
    RESET_GPU = "reset_gpu"
    REBOOT_NODE = "reboot_node"

    @property
    def pages(self) -> bool:
        """Whether somebody is woken: the GPU is of no use, or nobody knows of how much, until somebody acts."""
        return self in (Action.CONTACT_SUPPORT, Action.RESET_GPU, Action.REBOOT_NODE)

    @property
    def tickets(self) -> bool:
        """Whether somebody is told in working hours."""
        return self is Action.RESTART_APP

    @property
    def severity(self) -> Severity:
        """How an event that asks for this is shown."""
        if self.pages:
            return Severity.CRITICAL
        return Severity.WARNING if self.tickets else Severity.INFO


def gravest(actions: Iterable[Action]) -> Action:
    """The most urgent of *actions*; nothing asks for nothing."""
    return max(actions, key=tuple(Action).index, default=Action.NONE)
