"""Asks the kubelet over its Unix socket, in gRPC: the only module that imports grpclib (extra `kubernetes`).

Each question has a connection of its own: a kubelet that restarts makes a new socket, and one that hung or talked nonsense
leaves nothing behind. What it answers stays bytes here; `exporter.attribution.answers` reads them.
"""

import asyncio
from typing import Any

from grpclib.client import Channel
from grpclib.const import Cardinality, Status
from grpclib.encoding.base import CodecBase
from grpclib.exceptions import GRPCError
from grpclib.protocol import H2Protocol

from exporter.attribution.failure import AttributionError, Reason

DEADLINE = 5.0
"""Seconds that one question may take, the connection included."""
LARGEST = 16 * 2**20
"""Bytes of one answer at most: the limit that Kubernetes' own clients have."""
_OVERHEAD = LARGEST // 16
"""What HTTP/2's frames may add to that."""
_SERVICE = "/v1.PodResourcesLister/"
LIST = f"{_SERVICE}List"
ALLOCATABLE = f"{_SERVICE}GetAllocatableResources"
_DISABLED = "disabled"
"""What a kubelet says of a method that a feature gate switches off."""


async def ask(socket: str, question: str) -> bytes:
    """The answer to *question*, which takes no arguments.

    Raises:
        AttributionError: there is none.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            return await _ask(socket, question)
    except TimeoutError:
        raise AttributionError(
            Reason.TIMEOUT, f"{socket} gave no answer in {DEADLINE:.0f} s"
        ) from None
    except PermissionError as error:
        raise AttributionError(Reason.DENIED, f"{socket}: {error.strerror}") from error
    except GRPCError as error:
        text = error.message or ""
        absent = error.status is Status.UNIMPLEMENTED or _DISABLED in text
        reason = Reason.ABSENT if absent else Reason.REFUSED
        raise AttributionError(reason, f"{socket}: {error.status.name}: {text}") from error
    except OSError as error:
        raise AttributionError(Reason.UNREACHABLE, f"{socket}: {error}") from error


async def _ask(socket: str, question: str) -> bytes:
    channel = _Channel(path=socket, codec=_Bytes())
    try:
        async with channel.request(question, Cardinality.UNARY_UNARY, bytes, bytes) as stream:
            await stream.send_message(b"", end=True)
            answer: bytes | None = await stream.recv_message()
    except (GRPCError, OSError):
        raise
    except Exception as error:  # whatever bytes come, what they break is one answer
        reason = Reason.TOO_LARGE if channel.cut else Reason.MALFORMED
        raise AttributionError(reason, f"{socket}: {type(error).__name__}: {error}") from error
    finally:
        channel.close()
    if answer is None:
        raise AttributionError(Reason.MALFORMED, f"{socket}: an answer without a message")
    if len(answer) > LARGEST:
        raise AttributionError(Reason.TOO_LARGE, f"{socket}: an answer of {len(answer)} bytes")
    return answer


class _Bytes(CodecBase):
    """Messages as they travel."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, _message_type: Any) -> bytes:
        return bytes(message)

    def decode(self, data: bytes, _message_type: Any) -> bytes:
        return bytes(data)


class _Channel(Channel):
    """A connection that is cut when more comes than an answer may have; grpclib would keep up to 4 GiB.

    Attributes:
        cut: whether that happened.
    """

    cut = False

    def _protocol_factory(self) -> H2Protocol:
        plain = super()._protocol_factory()
        return _Bounded(self, plain)


class _Bounded(H2Protocol):
    def __init__(self, channel: _Channel, plain: H2Protocol) -> None:
        super().__init__(plain.handler, plain.config, plain.h2_config)
        self._channel = channel
        self._left = LARGEST + _OVERHEAD

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._channel.cut = True
            self.processor.close("the answer is too large")
        else:
            super().data_received(data)
