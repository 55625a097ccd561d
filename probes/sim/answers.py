"""Every question that a simulated GPU can answer, and how."""

from types import MappingProxyType

from catalog.errors import DriverError
from probes.driver import FIELDS, Answer, Return
from probes.sim import about, fields, health, links, vitals
from probes.sim.board import Now, Questions

QUESTIONS: Questions = MappingProxyType(
    {
        **about.QUESTIONS,
        **vitals.QUESTIONS,
        **health.QUESTIONS,
        **links.QUESTIONS,
        FIELDS: fields.answered,
    }
)


def answer(now: Now, question: str, *args: int) -> Answer:
    """What the GPU answers.

    Raises:
        DriverError: as the real driver would.
    """
    respond = QUESTIONS.get(question)
    if respond is None:
        raise DriverError(Return.FUNCTION_NOT_FOUND, f"{question}: the simulator does not know it")
    return respond(now, *args)
