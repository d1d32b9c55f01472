"""Builds to measure: as shipped, and the same with other bytecode. All files are dated as in the zip of SAM CLI."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from local.console import Console
from local.ministack.build import sam_build
from local.paths import WORK
from local.sam_template import function_ids
from tools.lambda_runtime import link_packages, search_path

BACKGROUND_FUNCTIONS = (
    "ReadinessSweepFunction",
    "ReadinessRequestFunction",
    "ReadinessCheckFunction",
    "RefreshConnectionsFunction",
)
"""Those that nobody waits for."""
FUNCTIONS = tuple(function_ids().values())
"""Those of the template, by their logical ids."""
_FOLDER = WORK / "bench"
_ZIP_DATE = 315_532_800  # 1980-01-01, which SAM CLI gives every file of a zip


class Bytecode(StrEnum):
    """What lies beside the sources."""

    SHIPPED = "as shipped: unchecked, by hash"
    DATED = "ordinary .pyc"
    NONE = "sources only"


@dataclass(frozen=True)
class Build:
    """Built functions, the layer, and the runtime's packages."""

    folder: Path
    runtime: Path

    def search_path(self, function: str) -> str:
        """Where a function looks for modules, as one argument."""
        return ":".join(search_path(self.folder, function, self.runtime))


def build_twice(console: Console) -> tuple[Build, Build]:
    """Build the template into two folders, from nothing."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    runtime = link_packages(_FOLDER / "runtime")
    made = []
    for name in ("first", "second"):
        with console.step(f"Building the template, the {name} time"):
            sam_build(_FOLDER / name, "--no-cached")
        made.append(Build(_FOLDER / name, runtime))
        date_as_zipped(made[-1].folder)
    return made[0], made[1]


def with_bytecode(build: Build, kind: Bytecode, folder: Path | None = None) -> Build:
    """A copy of a build with other bytecode."""
    copy = folder or _FOLDER / kind.name.lower()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(build.folder, copy)
    if kind is not Bytecode.SHIPPED:
        for cache in list(copy.rglob("__pycache__")):
            shutil.rmtree(cache)
    if kind is Bytecode.DATED:
        for path in _files(copy):
            os.utime(path)  # the date that the .pyc will hold, and that the zip takes away
        command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "timestamp", str(copy)]
        subprocess.run(command, check=True)  # noqa: S603 - our own command
    date_as_zipped(copy)
    return Build(copy, build.runtime)


def date_as_zipped(folder: Path) -> None:
    """Date all files as they are in Lambda."""
    for path in _files(folder):
        os.utime(path, (_ZIP_DATE, _ZIP_DATE))


def differences(first: Build, second: Build) -> list[str]:
    """The files that are not the same, bit by bit, in both builds."""
    ours, theirs = (
        {path.relative_to(one.folder).as_posix(): path for path in _files(one.folder)} for one in (first, second)
    )
    return sorted(
        name
        for name in ours.keys() | theirs.keys()
        if name not in ours or name not in theirs or ours[name].read_bytes() != theirs[name].read_bytes()
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
