"""Our .proto against what protoc makes of it, and against the kubelet's own."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FileDescriptor

from exporter.attribution import kubelet
from tests.conftest import missing

ROOT = Path(__file__).parents[3]
PROTO = "exporter/attribution/podresources.proto"
MADE = ("podresources_pb2.py", "podresources_pb2.pyi")


def protoc(*arguments: str) -> None:
    """Run the compiler that comes with grpcio-tools."""
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True)


def test_the_messages_are_what_protoc_makes(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The generated files are those of today's .proto; with --update-golden they are written."""
    protoc(f"-I{ROOT}", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", str(ROOT / PROTO))

    folder = Path(PROTO).parent
    for name in MADE:
        if request.config.getoption("--update-golden"):
            shutil.copy(tmp_path / folder / name, ROOT / folder / name)
        assert (ROOT / folder / name).read_text() == (tmp_path / folder / name).read_text()


def described(folder: Path, name: str, out: Path) -> FileDescriptor:
    """A .proto in a pool of its own."""
    protoc(f"-I{folder}", f"--descriptor_set_out={out}", str(folder / name))
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName(files.file[0].name)


def facts(file: FileDescriptor) -> Iterator[tuple[object, ...]]:
    """What travels: of each field its place, number and type; of each method its messages."""
    yield ("package", file.package)
    for message in file.message_types_by_name.values():
        for field in message.fields:
            of = field.message_type.full_name if field.message_type else ""
            yield (message.full_name, field.name, field.number, field.type, field.is_repeated, of)
    for service in file.services_by_name.values():
        for method in service.methods:
            streams = method.client_streaming, method.server_streaming
            types = method.input_type.full_name, method.output_type.full_name
            yield (service.full_name, method.name, *types, *streams)


@pytest.fixture(scope="module")
def real() -> Path:
    """The folder of the kubelet's own api.proto, from its Go module."""
    folder = ROOT / ".tools" / "kubelet-api"
    if not (folder / "api.proto").exists():
        missing("kubelet-api")
    return folder


@pytest.mark.tools
def test_ours_is_a_part_of_the_kubelets(real: Path, tmp_path: Path) -> None:
    """Every message, field, number, type and method of ours is the kubelet's."""
    ours = set(facts(described(ROOT, PROTO, tmp_path / "ours")))
    theirs = set(facts(described(real, "api.proto", tmp_path / "theirs")))

    assert ours <= theirs
    assert len(ours) > 20


@pytest.mark.tools
def test_the_questions_are_methods_of_the_kubelet(real: Path, tmp_path: Path) -> None:
    """The paths that we ask are those of the service."""
    file = described(real, "api.proto", tmp_path / "theirs")

    (service,) = file.services_by_name.values()
    paths = {f"/{service.full_name}/{method.name}" for method in service.methods}
    assert {kubelet.LIST, kubelet.ALLOCATABLE} <= paths
