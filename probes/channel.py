"""The child's end of the socket pair: blocking, whole frames, safe to send on from any thread."""

import socket
import threading

from probes.messages import HEADER, Down, Up, decode_down, frame, length


class Channel:
    """Frames over *sock*."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()

    def send(self, message: Up) -> None:
        """Hand *message* to the exporter.

        Raises:
            OSError: the exporter is gone.
        """
        data = frame(message)
        with self._lock:
            self._sock.sendall(data)

    def receive(self) -> Down | None:
        """The next message, None when the exporter has closed its end.

        Raises:
            Garbled: what came is none.
        """
        header = self._exactly(HEADER.size)
        if header is None:
            return None
        body = self._exactly(length(header))
        return None if body is None else decode_down(body)

    def _exactly(self, size: int) -> bytes | None:
        data = bytearray()
        while len(data) < size:
            part = self._sock.recv(size - len(data))
            if not part:
                return None
            data += part
        return bytes(data)
