"""The kubelet as a source: both questions, their bytes read in a thread. Needs the extra `kubernetes`."""

import asyncio
from dataclasses import dataclass

from exporter.attribution import answers, kubelet
from exporter.attribution.claim import KubeletAnswer
from exporter.attribution.failure import AttributionError, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeletSource:
    """A kubelet.

    Attributes:
        socket: where it listens; a restart makes a new one in the same folder.
    """

    socket: str

    async def ask(self) -> KubeletAnswer:
        """Who has which device, and which devices there are.

        Raises:
            AttributionError: it did not say.
        """
        listed = await kubelet.ask(self.socket, kubelet.LIST)
        try:
            there = await kubelet.ask(self.socket, kubelet.ALLOCATABLE)
        except AttributionError as error:
            if error.reason is not Reason.ABSENT:
                raise
            return await asyncio.to_thread(_read, listed, None)
        return await asyncio.to_thread(_read, listed, there)


def _read(listed: bytes, there: bytes | None) -> KubeletAnswer:
    return KubeletAnswer(
        claims=answers.claims(listed),
        allocatable=None if there is None else answers.allocatable(there),
    )
