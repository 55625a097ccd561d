"""Which processes are on a GPU, told when that changes: whoever asks whose they are does not do so every second."""

from collections.abc import Callable

from probes.answers import Asker
from probes.gpu import Gpu
from probes.messages import NewProcesses


class ProcessWatch:
    """Watches one GPU.

    Args:
        asker: the one that *gpu* asks through; that the driver does not answer is counted elsewhere.
        send: gets the news.
    """

    def __init__(self, gpu: Gpu, asker: Asker, send: Callable[[NewProcesses], None]) -> None:
        self._gpu = gpu
        self._asker = asker
        self._send = send
        self._told: tuple[int, ...] | None = None

    def look(self) -> None:
        """Tell if there are others than before.

        Raises:
            GpuLost: the GPU is gone.
        """
        found = (self._gpu.compute_processes(), self._gpu.graphics_processes())
        self._asker.failures.clear()
        known = [processes for processes in found if processes is not None]
        pids = tuple(sorted({process.pid for processes in known for process in processes}))
        if known and pids != self._told:
            self._told = pids
            self._send(NewProcesses(self._gpu.identity.uuid, pids))
