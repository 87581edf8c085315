"""Other projects' test files, fetched once a checkout from the packages that carry them."""

import fcntl
import importlib.util
import re
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from scripts import assets
from tests.services import MISSING, STRICT

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = HERE / "corpus_packages.txt"
FOLDER = ROOT / ".cache" / "corpus"
SECONDS = 300


class Package(NamedTuple):
    kind: str
    name: str
    version: str


def packages() -> list[Package]:
    lines = PACKAGES.read_text().splitlines()
    return [Package(*line.split()) for line in lines if line and not line.startswith("#")]


@cache
def corpus_folder() -> Path:
    """The folder with all packages unpacked; skips, or fails where services are promised."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp = FOLDER / "stamp.txt"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != PACKAGES.read_text():
            fetch()
            stamp.write_text(PACKAGES.read_text())
    return FOLDER


def fetch() -> None:
    with TemporaryDirectory(prefix="jobengine-corpus-") as name:
        with ThreadPoolExecutor(3) as pool:
            said = list(filter(None, pool.map(run, commands(Path(name)))))
        if said:
            lack = f"the corpus' packages cannot be fetched ({said[0][-200:]})"
            if STRICT:
                pytest.fail(MISSING + lack, pytrace=False)
            pytest.skip(MISSING + lack)
        for path in Path(name).iterdir():
            unpack(path)


def commands(target: Path) -> list[list[str]]:
    wanted: dict[str, list[Package]] = {}
    for package in packages():
        wanted.setdefault(package.kind, []).append(package)
    pins = {kind: [f"{p.name}=={p.version}" for p in group] for kind, group in wanted.items()}
    sources = ",".join(p.name for kind in ("sdist", "isolated") for p in wanted[kind])
    pip = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--dest", str(target)]
    names = [f"{p.name}@{p.version}" for p in wanted["npm"]]
    return [
        # Its metadata is made anew with the setuptools that is here: no environment to build.
        [*pip, "--no-build-isolation", "--no-binary", sources, *pins["sdist"]],
        [*pip, "--no-binary", sources, *pins["isolated"]],
        [*pip, "--only-binary", ":all:", *pins["wheel"]],
        [
            *assets.npm(target / "npm"),
            "pack",
            "--silent",
            "--pack-destination",
            str(target),
            *names,
        ],
    ]


def run(command: list[str]) -> str:
    """What went wrong, if anything."""
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS)
    return "" if done.returncode == 0 else done.stderr.strip() or "no reason given"


def unpack(path: Path) -> None:
    """Into a folder named as the package, without the archive's own top folder."""
    stem = re.split(r"-\d", path.name)[0].replace("_", "-")
    if path.suffix == ".whl":
        zipfile.ZipFile(path).extractall(FOLDER / f"{stem}-wheel")
    elif path.suffix in (".gz", ".tgz"):
        with tarfile.open(path) as archive:
            for member in archive:
                member.name = member.name.partition("/")[2]
                if member.name and member.isfile():
                    archive.extract(member, FOLDER / stem, filter="data")


def path_of(name: str) -> Path:
    """A file of the corpus; `installed/` stands for what is there already."""
    if not name.startswith("installed/"):
        return corpus_folder() / name
    _, package, inner = name.split("/", 2)
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], inner)
