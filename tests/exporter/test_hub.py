"""What the hub knows, and who it tells."""

from catalog.metrics import events, power
from catalog.snapshot import Identity, Layout, Reading, Tier, unnamed
from exporter.hub import NODE, Hub

LAYOUT = Layout(((power.NOW, ()),))


def identity(uuid: str, index: int = 0) -> Identity:
    """A GPU."""
    return Identity(uuid=uuid, index=index, model="H100", pci_bus_id="0")


def reading(at: float, watts: float = 300.0) -> Reading:
    """A power reading."""
    return Reading(at=at, layout=LAYOUT, values=(watts,))


def indices(hub: Hub) -> list[tuple[str, int]]:
    """The GPUs and their indices, in the order of the snapshot."""
    return [(uuid, view.identity.index) for uuid, view in hub.latest.gpus.items()]


def test_a_snapshot_does_not_change() -> None:
    """Whoever holds a snapshot sees it as it was."""
    hub = Hub()
    hub.found(identity("GPU-a"))
    before = hub.latest

    hub.reading("GPU-a", Tier.FAST, reading(5.0))
    hub.state("GPU-a", "hung", "")

    assert before.gpus["GPU-a"].last_read == 0.0
    assert before.gpus["GPU-a"].state == "ok"
    assert hub.latest.version == before.version + 2


def test_gpus_come_in_the_order_of_their_index() -> None:
    """Whoever was found first."""
    hub = Hub()
    for uuid, index in (("GPU-c", 2), ("GPU-a", 0), ("GPU-b", 1)):
        hub.found(identity(uuid, index))

    assert indices(hub) == [("GPU-a", 0), ("GPU-b", 1), ("GPU-c", 2)]


def test_a_gpu_in_the_place_of_another_drives_it_out_of_nothing() -> None:
    """The one before may have another index by now: who is gone is known when all have told."""
    hub = Hub()
    hub.found(identity("GPU-a"))

    hub.found(identity("GPU-b"))

    assert indices(hub) == [("GPU-a", 0), ("GPU-b", 0)]


def test_a_lost_gpu_stays_to_be_seen() -> None:
    """When those behind a lost GPU move up into its index, it is still there, lost."""
    hub = Hub()
    for index, uuid in enumerate(("GPU-a", "GPU-b", "GPU-c")):
        hub.found(identity(uuid, index))
    hub.state("GPU-b", "lost", "fell off the bus")

    hub.found(identity("GPU-c", 1))

    assert indices(hub) == [("GPU-a", 0), ("GPU-b", 1), ("GPU-c", 1)]
    assert hub.latest.gpus["GPU-b"].state == "lost"


def test_a_name_does_not_make_a_gpu_well() -> None:
    """A lost or hung GPU that tells its name is still lost or hung; one that was unknown is well."""
    hub = Hub()
    for state in ("lost", "hung", "unknown"):
        hub.found(identity(state, 0))
        hub.state(state, state, "")
        hub.found(identity(state, 0))

    assert hub.latest.gpus["lost"].state == "lost"
    assert hub.latest.gpus["unknown"].state == "ok"
    hub.state("unknown", "hung", "")
    hub.found(identity("unknown", 0))
    assert hub.latest.gpus["unknown"].state == "hung"


def test_a_gpu_that_never_told_its_name_is_replaced_by_one_that_does() -> None:
    """The stand-in of a GPU that hung at its first call goes when the GPU answers."""
    hub = Hub()
    assert hub.nameless(3) == unnamed(3)
    hub.state(unnamed(3), "lost", "")

    hub.found(identity("GPU-d", 3))

    assert indices(hub) == [("GPU-d", 3)]


def test_what_does_not_answer_shows_no_stale_gauge() -> None:
    """Of a hung GPU only what we count and who it is may be shown."""
    hub = Hub()
    hub.found(identity("GPU-a"))
    for tier in Tier:
        hub.reading("GPU-a", tier, reading(1.0, watts=list(Tier).index(tier)))

    hub.state("GPU-a", "hung", "")

    shown = [
        tier
        for tier, kept in hub.latest.gpus["GPU-a"].readings.items()
        if kept in list(hub.latest.gpus["GPU-a"].current())
    ]
    assert shown == [
        Tier.ONCE,
        Tier.DERIVED,
        Tier.COUNTED,
        Tier.PROBE_TOTALS,
        Tier.ALLOCATED,
    ]


def test_freshness_is_of_what_was_read() -> None:
    """What we derive does not make a GPU look fresh."""
    hub = Hub()
    hub.found(identity("GPU-a"))
    hub.reading("GPU-a", Tier.FAST, reading(5.0))
    hub.reading("GPU-a", Tier.DERIVED, reading(9.0))

    assert hub.latest.gpus["GPU-a"].last_read == 5.0


def test_a_reading_of_an_unknown_gpu_is_dropped() -> None:
    """Nobody is told of a GPU that was not found."""
    heard: list[str] = []
    hub = Hub((lambda uuid, _tier, _reading: heard.append(uuid),))
    before = hub.latest

    hub.reading("GPU-x", Tier.FAST, reading(1.0))

    assert hub.latest is before
    assert heard == []


def test_the_same_state_again_is_no_change() -> None:
    """Nothing is rendered again because a state was repeated."""
    hub = Hub()
    hub.found(identity("GPU-a"))
    before = hub.latest

    hub.state("GPU-a", "ok", "")

    assert hub.latest is before


def test_another_source_has_other_gpus() -> None:
    """When the source is changed, the GPUs of the one before are forgotten."""
    hub = Hub()
    hub.found(identity("GPU-a"))
    before = hub.latest.version

    hub.forget()

    assert indices(hub) == []
    assert hub.latest.version > before


def test_a_gpu_that_may_still_be_found_stays() -> None:
    """After a restart another GPU may tell first that it has the index; the one before may have another now."""
    hub = Hub()
    for index, uuid in enumerate(("GPU-a", "GPU-b", "GPU-c")):
        hub.found(identity(uuid, index))
        hub.state(uuid, "unknown", "reader_restarting")

    hub.found(identity("GPU-a"))
    hub.found(identity("GPU-c", 1))

    assert indices(hub) == [("GPU-a", 0), ("GPU-b", 1), ("GPU-c", 1)]


def test_what_is_said_of_the_node() -> None:
    """It is kept by who says it and told on under no UUID; GPUs that come and go leave it alone."""
    told: list[tuple[str, Tier, Reading]] = []
    hub = Hub((lambda *heard: told.append(heard),))
    layout = Layout(((events.SXID_LAST, ("00000000:A9:00.0", "20034", "reset_gpu")),))
    first, second = (Reading(at=at, layout=layout, values=(at,)) for at in (5.0, 6.0))
    hub.node("switches", first)
    hub.node("others", first)
    hub.node("switches", second)
    hub.forget()

    assert hub.latest.node == {"switches": second, "others": first}
    assert told[-1] == (NODE, Tier.COUNTED, second)
    assert hub.latest.version == 4
