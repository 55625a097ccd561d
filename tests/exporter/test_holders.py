"""Labels that say who holds a GPU, on each of its series."""

from catalog.metrics import allocation, mig, power
from catalog.snapshot import GpuView, Identity, Layout, Reading, Series, Snapshot, Tier
from exporter import holders
from exporter.exposition import Exposition, Format
from exporter.holders import Holder

NOBODY = {"namespace": "", "pod": "", "container": "", "hpc_job": ""}
WATTS: Series = (power.NOW, ())


def row(pod: str, container: str = "main", namespace: str = "ml", job: str = "") -> Series:
    return allocation.INFO, (namespace, pod, container, job)


def part(instance: str, pod: str) -> Series:
    return allocation.MIG_INFO, (instance, "0", "1g.10gb", "ml", pod, "main", "")


def labels(series: Series, *rows: Series) -> dict[str, str]:
    """What is added to *series* of a GPU with these holders."""
    return dict(holders.labels(Layout(rows), series))


def test_the_only_holder_is_named() -> None:
    """All that is known of it."""
    assert labels(WATTS, row("a", job="17")) == {
        "namespace": "ml",
        "pod": "a",
        "container": "main",
        "hpc_job": "17",
    }


def test_several_holders_are_named_as_far_as_they_agree() -> None:
    """One series stays one, so that sums stay true."""
    assert labels(WATTS, row("a"), row("a", "sidecar")) == {
        **NOBODY,
        "namespace": "ml",
        "pod": "a",
    }
    assert labels(WATTS, row("a"), row("b", namespace="web")) == {**NOBODY, "container": "main"}


def test_nobody_is_told_apart_from_not_known() -> None:
    """Empty labels keep Prometheus from putting the exporter's pod there."""
    assert labels(WATTS) == NOBODY


def test_an_instance_is_its_holders() -> None:
    """Not those of its GPU."""
    rows = (row("a"), row("b"), part("7", "a"), part("8", "b"))
    own: Series = (mig.MEMORY_USED, ("8", "0", "1g.10gb"))

    assert labels(own, *rows)["pod"] == "b"
    assert labels(WATTS, *rows)["pod"] == ""
    assert labels((mig.MEMORY_USED, ("9", "0", "1g.10gb")), *rows) == NOBODY


def test_rows_of_holders_have_no_labels_twice() -> None:
    """They name their holder themselves."""
    assert labels(row("a"), row("a")) == {}
    assert labels((allocation.SECONDS, ("free",)), row("a")) == {}


def view(layout: Layout, *rows: Series) -> GpuView:
    """A GPU that draws 70 W, read by one layout, with these holders."""
    identity = Identity(uuid="GPU-a", index=0, model="", pci_bus_id="")
    read = Reading(at=1.0, layout=layout, values=(70.0,))
    held = Reading(at=1.0, layout=Layout(rows), values=(1.0,) * len(rows))
    gpu = GpuView(identity=identity, state="ok").with_reading(Tier.FAST, read)
    return gpu.with_reading(Tier.ALLOCATED, held)


def written(exposition: Exposition, gpu: GpuView) -> str:
    """The line of the watts."""
    text = exposition.render(
        Snapshot().with_gpu(gpu), Format.TEXT, lambda metric: metric is power.NOW
    )
    return text.splitlines()[-1]


def test_labels_change_with_the_holder() -> None:
    """The label text that is kept is of one holder; names are escaped."""
    exposition, layout = Exposition(owners=True), Layout((WATTS,))

    first, second = (written(exposition, view(layout, row(pod))) for pod in ("a", 'b"\\\n'))

    start = 'gpu_power_watts{gpu="0",uuid="GPU-a",namespace="ml",'
    assert first == start + 'pod="a",container="main",hpc_job=""} 70'
    assert second == start + r'pod="b\"\\\n",container="main",hpc_job=""} 70'


def test_without_the_setting_series_have_no_holder() -> None:
    """Joins are the default."""
    line = written(Exposition(), view(Layout((WATTS,)), row("a")))

    assert line == 'gpu_power_watts{gpu="0",uuid="GPU-a"} 70'


def test_who_holds_any_part() -> None:
    """For the page and the API."""
    found = holders.of(view(Layout((WATTS,)), row("a"), part("7", "a")))

    assert found == (Holder(namespace="ml", pod="a", container="main"),)
