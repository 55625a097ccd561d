"""A door on the way to a server, which a test opens and closes."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Gate:
    """Passes connections on while it is open; others are cut.

    Attributes:
        passed: how many connections were passed on.
    """

    def __init__(self, listener: socket.socket, target: int, *, is_open: bool) -> None:
        self._listener = listener
        self._target = target
        self._open = is_open
        self._sockets: set[socket.socket] = set()
        self.passed = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        """Cut what passes, and let nothing pass any more."""
        self._open = False
        for one in tuple(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                client.close()
                continue
            self.passed += 1
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets |= {client, server}
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._sockets.discard(one)
        one.close()


@contextlib.contextmanager
def gate(target: int, *, is_open: bool = True) -> Iterator[Gate]:
    """A gate to the port *target* of the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Gate(listener, target, is_open=is_open)
        thread = threading.Thread(target=found.run, daemon=True)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        found.close()
        thread.join()
