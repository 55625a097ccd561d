"""The simulated driver: everything above it runs as on a real machine."""

import threading
import zlib
from collections.abc import Callable, Mapping, Sequence

from catalog.errors import DriverError
from probes.driver import GPM, Answer, Device, Return
from probes.sim.about import SYSTEM
from probes.sim.answers import answer
from probes.sim.blanks import Blanker
from probes.sim.board import Board
from probes.sim.effects import spell
from probes.sim.events import Events
from probes.sim.faults import Fault, Hang, check, parse
from probes.sim.gate import Gate
from probes.sim.gpm import Sampler
from probes.sim.mig import Instance, instances
from probes.sim.scenario import Scenario

Clock = Callable[[], float]


class SimDriver:
    """A machine as *scenario* describes it, from the moment it is made. Implements `probes.driver.Driver`.

    Args:
        clock: seconds since 1970.
    """

    name = "sim"

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self._clock = clock
        self._gate = Gate(clock)
        self._events = Events(clock)
        self._adding = threading.Lock()
        self._indices: dict[int, int] = {}
        self._closed = False
        start = clock()
        seeds = scenario.seed, zlib.crc32(scenario.node.encode())
        self._boards = tuple(
            Board(spec, seeds, number, start) for number, spec in enumerate(scenario.gpus)
        )
        for fault in scenario.faults:
            self._add(fault, start)

    def devices(self) -> Sequence[Device]:
        """The GPUs that are there now; a lost one is missing, and those behind it move up."""
        now = self._gate.passed(None)
        found = [board for board in self._boards if not board.effects.lost(now)]
        self._indices = {board.number: index for index, board in enumerate(found)}
        return [SimDevice(board, index, self._gate) for index, board in enumerate(found)]

    def ask(self, question: str) -> Answer:
        self._gate.passed(None)
        if self._closed:
            raise DriverError(Return.UNINITIALIZED, f"{question}: the driver is closed")
        if question not in SYSTEM:
            raise DriverError(
                Return.FUNCTION_NOT_FOUND, f"{question}: the simulator does not know it"
            )
        return SYSTEM[question]

    def wait_event(self, timeout: float) -> tuple[int, int, int] | None:
        event = self._events.wait(timeout)
        if event is None:
            return None
        gpu, event_type, data = event
        return self._indices.get(gpu, -1), event_type, data

    def inject(self, written: Mapping[str, object]) -> None:
        """Let the fault happen that *written* describes, its `at` counted from now.

        Raises:
            ConfigError: it describes none that this machine can have.
        """
        self._add(parse(written, len(self._boards)), self._clock())

    def close(self) -> None:
        """Let go. A hung call stays hung, as it would in a real driver."""
        self._closed = True

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

    def __init__(self, board: Board, index: int, gate: Gate) -> None:
        self.index = index
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
        self._passed()
        return [SimInstance(self, instance) for instance in instances(self._board)]

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
