"""The simulated driver: everything above it runs as on a real machine."""

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from catalog.errors import DriverError
from probes.bench_gpu import BenchGpu
from probes.driver import GPM, Answer, Device, Return
from probes.messages import Past
from probes.sim import kernel_log
from probes.sim.about import SYSTEM
from probes.sim.answers import answer
from probes.sim.bench import bench
from probes.sim.blanks import Blanker
from probes.sim.board import Board
from probes.sim.effects import Spell, spell
from probes.sim.events import Events
from probes.sim.faults import Fault, Hang, Xid, check, parse
from probes.sim.gate import Gate
from probes.sim.gpm import Sampler
from probes.sim.gpu import CELL, PATIENCE
from probes.sim.mig import Instance, instances
from probes.sim.scenario import Scenario

_SETTLED = 0.05
"""Seconds after which no fault is added any more that began before."""

Clock = Callable[[], float]


class SimDriver:
    """A machine as *scenario* describes it, from the moment it is made. Implements `probes.driver.Driver`.

    Args:
        clock: seconds since 1970.
        past: what it went through already; times of the scenario count from when it was switched on. What flows (energy,
            bytes) counts from now if that was long ago, as after a reload of the driver.
        patience: cells of time that are worked out one by one after a pause.
    """

    name = "sim"

    def __init__(
        self,
        scenario: Scenario,
        clock: Clock,
        past: Past = Past(),  # noqa: B008 - frozen
        patience: int = PATIENCE,
    ) -> None:
        self._clock = clock
        self._gate = Gate(clock)
        self._events = Events(clock)
        self._adding = threading.Lock()
        self._logged = clock()
        self._closed = False
        start, now = past.began or clock(), clock()
        # Beyond our patience a counter would be an estimate, and might be lower than what was read before.
        flows = start if now - start < patience * CELL else now
        seeds = scenario.seed, zlib.crc32((scenario.node or "sim").encode())
        self._boards = tuple(
            Board(spec, seeds, number, flows) for number, spec in enumerate(scenario.gpus)
        )
        for board in self._boards:
            board.physics.patience = patience
        for fault in scenario.faults:
            self._add(fault, start)
        for at, written in past.faults:
            self._add(parse(written, len(self._boards)), at)

    def devices(self) -> Sequence[Device]:
        """The GPUs that can be opened now: a lost one is still counted by the driver, which keeps its index."""
        now = self._gate.passed(None)
        return [
            SimDevice(board, self._gate) for board in self._boards if not board.effects.lost(now)
        ]

    def find(self, index: int, uuid: str) -> Device:
        now = self._gate.passed(None)
        for board in self._boards:
            if board.uuid == uuid if uuid else board.number == index:
                if board.effects.lost(now):
                    raise DriverError(Return.GPU_IS_LOST, "GPU is lost")
                return SimDevice(board, self._gate)
        raise DriverError(Return.NOT_FOUND, f"there is no GPU {uuid or index}")

    def ask(self, question: str) -> Answer:
        self._gate.passed(None)
        if self._closed:
            raise DriverError(Return.UNINITIALIZED, f"{question}: the driver is closed")
        if question == "nvmlDeviceGetCount":
            return len(self._boards)
        if question not in SYSTEM:
            raise DriverError(
                Return.FUNCTION_NOT_FOUND, f"{question}: the simulator does not know it"
            )
        return SYSTEM[question]

    def wait_event(self, timeout: float) -> tuple[int, int, int] | None:
        return self._events.wait(timeout)

    def inject(self, written: Mapping[str, object]) -> None:
        """Let the fault happen that *written* describes, its `at` counted from now.

        Raises:
            ConfigError: it describes none that this machine can have.
        """
        self._add(parse(written, len(self._boards)), self._clock())

    def hang(self, index: int) -> Spell | None:
        """The hang that a question to the GPU at *index* would be stuck in now."""
        return self._gate.hang(index)

    def log(self) -> Iterator[tuple[float, str]]:
        """(When, text) of what the kernel has logged since this was asked last."""
        since, self._logged = self._logged, max(self._logged, self._clock() - _SETTLED)
        for at, gpu, code in self._xids(since, self._logged):
            yield at, kernel_log.xid(self._boards[gpu].bus, code)

    def bench(self, uuid: str, probe: str) -> BenchGpu:
        """The GPU *uuid* as a run of *probe* would find it now.

        Raises:
            DriverError: there is no such GPU now.
        """
        now = self._clock()
        for board in self._boards:
            if board.uuid == uuid and not board.effects.lost(now):
                return bench(board, probe, now)
        raise DriverError(Return.GPU_NOT_FOUND, f"there is no GPU {uuid}")

    def close(self) -> None:
        """Let go. A hung call stays hung, as it would in a real driver."""
        self._closed = True

    def _xids(self, since: float, until: float) -> Iterator[tuple[float, int, int]]:
        """(When, GPU, code) of each Xid that the kernel would have logged in [*since*, *until*)."""
        for board in self._boards:
            for one in board.effects.spells:
                if isinstance(one.fault, Xid) and since <= one.begin < until:
                    yield one.begin, board.number, one.fault.code

    def _add(self, fault: Fault, start: float) -> None:
        board = self._boards[fault.gpu]
        check(fault, board.model)
        added = spell(fault, start)
        with self._adding:
            board.effects.add(added)
        if isinstance(fault, Hang):
            self._gate.add(added)
        self._events.add(added)


class SimDevice:
    """A GPU as one opening of the driver sees it. Implements `probes.driver.Device`."""

    def __init__(self, board: Board, gate: Gate) -> None:
        self.index = board.number
        self._board = board
        self._gate = gate
        self._sampler = Sampler()
        self._blanker = Blanker()

    def ask(self, question: str, *args: int) -> Answer:
        board = self._board
        moment = self._passed()
        with board.lock:
            now = board.now(moment)
            if question == GPM:
                found = self._sampler.average(now, *args)
            else:
                found = answer(now, question, *args)
        blanks = board.effects.blanks(moment)
        return self._blanker.blanked(question, found, blanks) if blanks else found

    def mig_devices(self) -> Sequence[Device]:
        moment = self._passed()
        return [SimInstance(self, instance) for instance in instances(self._board, moment)]

    def ask_instance(self, instance: Instance, question: str) -> Answer:
        """The answer of one of its MIG instances."""
        moment = self._passed()
        with self._board.lock:
            return instance.answer(self._board.now(moment), question)

    def _passed(self) -> float:
        moment = self._gate.passed(self._board.number)
        if self._board.effects.lost(moment):
            raise DriverError(Return.GPU_IS_LOST, "GPU is lost")
        return moment


class SimInstance:
    """A MIG instance. Implements `probes.driver.Device`."""

    def __init__(self, parent: SimDevice, instance: Instance) -> None:
        self.index = parent.index
        self._parent = parent
        self._instance = instance

    def ask(self, question: str, *_args: int) -> Answer:
        return self._parent.ask_instance(self._instance, question)

    def mig_devices(self) -> Sequence[Device]:
        return ()
