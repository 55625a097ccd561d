"""GPUs that are held and not used, or used up little by little: for their owners."""

from alerts.example import Given, held, steady
from alerts.policy import Policy, Scope, Severity
from catalog.metrics import allocation, memory
from catalog.promql import functions as q

LEAK_BYTES_PER_HOUR = 1e9
IDLE_SECONDS = 3500
"""Out of an hour."""
_USED = q.select(memory.USED)

LEAK = Policy(
    name="GpuMemoryLeak",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    # A model that is loaded rises and stays: the line must rise through the last minutes too.
    condition=((q.slope(_USED, "6h") * 3600) > LEAK_BYTES_PER_HOUR)
    .and_((q.slope(_USED, "1h") * 3600) > LEAK_BYTES_PER_HOUR)
    .and_on(q.ratio(_USED, q.select(memory.TOTAL), "instance", "uuid") > 0.5, "uuid"),
    example=(
        Given(series=_USED, bad=40e6, short=10e6, good=0, grows=True),
        steady(q.select(memory.TOTAL), 2e9),
    ),
    others=(
        (
            Given(series=_USED, bad=40e6, short=40e6, good=0, grows=True),
            Given(series=q.select(memory.TOTAL), bad=2e9, short=1e12, good=2e9, kept=True),
            held(),
        ),
    ),
    meaning="The memory in use on the GPU has grown for hours: it will run out.",
    value="It grows by {{ $value }} bytes an hour.",
    action="Tell the owner of the application; it needs a restart before the memory is full.",
    lasting="1h",
    owned=True,
)
IDLE = Policy(
    name="GpuAllocatedIdle",
    scope=Scope.GPU,
    severity=Severity.TICKET,
    condition=q.increase(q.select(allocation.SECONDS, state="allocated_idle"), "1h")
    > IDLE_SECONDS,
    example=(
        Given(series=q.select(allocation.SECONDS, state="allocated_idle"), bad=60, short=55),
    ),
    others=(
        (
            Given(series=q.select(allocation.SECONDS, state="allocated_idle"), bad=60, short=55),
            held(),
        ),
    ),
    meaning="The GPU is held, and nothing has run on it for hours.",
    value="It was idle for {{ $value }} seconds of the last hour.",
    action="Ask its owner whether it can be given back.",
    lasting="1h",
    owned=True,
)

POLICIES = (LEAK, IDLE)
