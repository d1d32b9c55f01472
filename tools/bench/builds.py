"""Builds to measure: as shipped, and with other bytecode. All files have the date of SAM CLI's zip files."""

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
"""Functions without a waiting caller."""
FUNCTIONS = tuple(function_ids().values())
"""The logical ids of the template's functions."""
_FOLDER = WORK / "bench"
_ZIP_DATE = 315_532_800  # 1980-01-01, the date of every file in SAM CLI's zip files


class Bytecode(StrEnum):
    """The bytecode beside the sources."""

    SHIPPED = "as shipped: unchecked, by hash"
    DATED = "ordinary .pyc"
    NONE = "sources only"


@dataclass(frozen=True)
class Build:
    """Built functions, the layer, and the runtime's packages."""

    folder: Path
    runtime: Path

    def search_path(self, function: str) -> str:
        """Return a function's module search path as one argument."""
        return ":".join(search_path(self.folder, function, self.runtime))


def build_twice(console: Console) -> tuple[Build, Build]:
    """Build the template twice, into two folders, without a cache."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    runtime = link_packages(_FOLDER / "runtime")
    built = []
    for name in ("first", "second"):
        with console.step(f"Building the template, the {name} time"):
            sam_build(_FOLDER / name, "--no-cached")
        built.append(Build(_FOLDER / name, runtime))
        date_as_zipped(built[-1].folder)
    return built[0], built[1]


def with_bytecode(build: Build, kind: Bytecode, folder: Path | None = None) -> Build:
    """Return a copy of a build with other bytecode."""
    copy = folder or _FOLDER / kind.name.lower()
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(build.folder, copy)
    if kind is not Bytecode.SHIPPED:
        for cache in list(copy.rglob("__pycache__")):
            shutil.rmtree(cache)
    if kind is Bytecode.DATED:
        for path in _files(copy):
            os.utime(path)  # the .pyc stores this date; the zip changes it
        command = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "timestamp", str(copy)]
        subprocess.run(command, check=True)  # noqa: S603 - our own command
    date_as_zipped(copy)
    return Build(copy, build.runtime)


def date_as_zipped(folder: Path) -> None:
    """Give all files the date that they have in Lambda."""
    for path in _files(folder):
        os.utime(path, (_ZIP_DATE, _ZIP_DATE))


def differences(first: Build, second: Build) -> list[str]:
    """Return the files that are not identical in both builds."""
    left, right = (
        {path.relative_to(one.folder).as_posix(): path for path in _files(one.folder)} for one in (first, second)
    )
    return sorted(
        name
        for name in left.keys() | right.keys()
        if name not in left or name not in right or left[name].read_bytes() != right[name].read_bytes()
    )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
