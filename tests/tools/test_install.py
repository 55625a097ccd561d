"""tools/install, with a Go that writes scripts: nothing is built, nothing is downloaded."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Notes that it was called, then "builds" each package named after -o FOLDER/.
GO = """#!/bin/sh
echo called >> "$0.calls"
while [ "$1" != -o ]; do shift; done
folder=$2; shift 2
for package; do echo built > "$folder/${package##*/}"; done
"""
BROKEN_GO = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo half > "$2/prometheus"
echo "no such module" >&2
exit 1
"""


class Tree:
    """A copy of tools/ and a folder that is the whole PATH."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "path"
        self.path.mkdir()
        self.built = root / ".tools" / "bin"
        shutil.copytree(ROOT / "tools", root / "tools")

    def go(self, script: str) -> None:
        (self.path / "go").write_text(script)
        (self.path / "go").chmod(0o755)

    def calls(self) -> int:
        return len((self.path / "go.calls").read_text().splitlines())

    def start(self, *names: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(self.root / "tools" / "install"), *names],
            env={"PATH": str(self.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def install(self, *names: str) -> tuple[int, str, str]:
        process = self.start(*names)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_list_names_what_can_be_had(tree: Tree) -> None:
    """--list prints one name a line."""
    code, out, _ = tree.install("--list")

    assert code == 0
    assert {"prometheus", "chromium", "wrk"} <= set(out.splitlines())


@pytest.mark.parametrize("names", [("nonsense",), ("prometheus", "nonsense"), ()])
def test_an_unknown_name_is_the_users_to_mend(tree: Tree, names: tuple[str, ...]) -> None:
    """A name that is not known, or none at all, is one line that lists the known ones, and builds nothing."""
    tree.go(GO)

    code, out, err = tree.install(*names)

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "prometheus" in err
    assert not tree.built.exists()


def test_without_go_it_says_what_is_missing(tree: Tree) -> None:
    """No Go is one line that names Go and where to get it."""
    code, _, err = tree.install("prometheus")

    assert code == 1
    assert len(err.splitlines()) == 1
    assert "needs Go" in err


def test_without_root_or_apt_it_says_how_to_install(tree: Tree) -> None:
    """A Debian package that cannot be installed from here is one line with the command to run."""
    code, _, err = tree.install("chromium")

    assert code == 1
    assert len(err.splitlines()) == 1
    assert "apt-get install" in err
    assert "chromium" in err


def test_it_builds_every_program_of_a_module(tree: Tree) -> None:
    """One name may bring several programs; what is done is said, with its duration."""
    tree.go(GO)

    code, out, err = tree.install("prometheus")

    assert (code, err) == (0, "")
    assert sorted(path.name for path in tree.built.iterdir()) == ["prometheus", "promtool"]
    assert "built prometheus in " in out


def test_a_second_run_builds_nothing(tree: Tree) -> None:
    """What is there already is not built again."""
    tree.go(GO)
    tree.install("prometheus")

    code, _, _ = tree.install("prometheus")

    assert code == 0
    assert tree.calls() == 1


@pytest.mark.parametrize("pin", ["go.mod", "go.sum"])
def test_a_new_pin_builds_again(tree: Tree, pin: str) -> None:
    """Another go.mod or go.sum means another program."""
    tree.go(GO)
    tree.install("prometheus")
    with (tree.root / "tools" / "prometheus" / pin).open("a") as file:
        file.write("\n")

    tree.install("prometheus")

    assert tree.calls() == 2


def test_a_lost_program_is_built_again(tree: Tree) -> None:
    """The stamp alone is not believed."""
    tree.go(GO)
    tree.install("prometheus")
    (tree.built / "promtool").unlink()

    tree.install("prometheus")

    assert (tree.built / "promtool").exists()


def test_a_failed_build_leaves_no_program(tree: Tree) -> None:
    """A failure is one line that names the log, which has the rest; no half program is left."""
    tree.go(BROKEN_GO)

    code, _, err = tree.install("prometheus")

    logs = [path for path in (tree.root / ".tools").rglob("prometheus.log") if path.name in err]
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "no such module" in logs[0].read_text()
    assert not list(tree.built.iterdir())


def test_two_runs_at_once_build_once(tree: Tree) -> None:
    """The second waits for the first and then has nothing to do."""
    tree.go(GO.replace("while", "/bin/sleep 1\nwhile", 1))  # long enough that the runs overlap

    runs = [tree.start("prometheus") for _ in range(2)]
    codes = [(run.communicate(timeout=60), run.returncode)[1] for run in runs]

    assert codes == [0, 0]
    assert tree.calls() == 1
