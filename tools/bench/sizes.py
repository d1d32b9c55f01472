"""The sizes of the zip files of layers and functions."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.bench.builds import FUNCTIONS, Build, differences
from tools.lambda_runtime import LAYERS


@dataclass(frozen=True)
class Size:
    """Sizes of one zip file, in bytes."""

    zipped: int
    unzipped: int


@dataclass(frozen=True)
class Sizes:
    """The sizes of a build, and the differences to a second build."""

    layers: Mapping[str, Size]
    functions: Mapping[str, Size]
    differing_files: int
    """Number of files that differ between two clean builds."""


def measure(build: Build, second: Build) -> Sizes:
    """Zip everything as SAM CLI does, and return the sizes."""
    return Sizes(
        layers={name: size_of(build.folder / name) for name in LAYERS},
        functions={name: size_of(build.folder / name) for name in FUNCTIONS},
        differing_files=len(differences(build, second)),
    )


def size_of(folder: Path) -> Size:
    """Return the size of a folder and of its zip file: deflated and dated 1980, as by SAM CLI."""
    buffer = io.BytesIO()
    unzipped = 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            content = path.read_bytes()
            unzipped += len(content)
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), content, zipfile.ZIP_DEFLATED)
    return Size(len(buffer.getvalue()), unzipped)
