"""What is uploaded and unpacked: the zip of each layer and function."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.bench.builds import FUNCTIONS, Build, differences
from tools.lambda_runtime import LAYERS


@dataclass(frozen=True)
class Size:
    """Of one zip, in bytes."""

    zipped: int
    unzipped: int


@dataclass(frozen=True)
class Sizes:
    """Of a build, and whether a second one came out the same."""

    layers: Mapping[str, Size]
    functions: Mapping[str, Size]
    differing_files: int
    """Between two builds from nothing."""


def measure(build: Build, second: Build) -> Sizes:
    """Zip everything as SAM CLI does."""
    return Sizes(
        layers={name: size_of(build.folder / name) for name in LAYERS},
        functions={name: size_of(build.folder / name) for name in FUNCTIONS},
        differing_files=len(differences(build, second)),
    )


def size_of(folder: Path) -> Size:
    """The size of a folder, and that of its zip: deflated, dated 1980, as SAM CLI makes it."""
    made = io.BytesIO()
    unzipped = 0
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            content = path.read_bytes()
            unzipped += len(content)
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), content, zipfile.ZIP_DEFLATED)
    return Size(len(made.getvalue()), unzipped)
