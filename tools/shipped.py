"""What ships in layers and functions: the list of licences and a CycloneDX SBOM, both in `.local/shipped/`.

`python -m tools.shipped` (a check of `make audit`) installs the packages of all three requirements files into an
environment of their own and fails if a licence is not in ALLOWED.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from local.paths import ROOT, WORK

REQUIREMENTS = (
    "layers/shared/requirements.txt",
    "layers/bearer/requirements.txt",
    "functions/create_identity_image/requirements.txt",
)
ALLOWED = (
    "Apache Software License",
    "Apache-2.0",
    "Apache-2.0 AND CNRI-Python",  # regex; CNRI-Python is the licence of Python 1.6
    "Apache-2.0 OR BSD-3-Clause",
    "BSD-3-Clause",
    "MIT",
    "MIT License",
    "MIT No Attribution License (MIT-0)",
    "MIT-0",
    "MIT-CMU",  # Pillow
    "Mozilla Public License 2.0 (MPL 2.0)",  # certifi: the list of certificate authorities, shipped unchanged
    "PSF-2.0",
)
"""Licences that ship: permissive ones, and MPL 2.0 for unchanged files. A new one is a decision for a person."""
_BIN = Path(sys.executable).parent
FOLDER = WORK / "shipped"
_ENVIRONMENT = WORK / "shipped-environment"


def main() -> int:
    """Write both files; the exit code of the first command that fails, else 0."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(_ENVIRONMENT, ignore_errors=True)
    python = str(_ENVIRONMENT / "bin" / "python")
    uv = str(ROOT / "local" / "uv")
    licences = (str(_BIN / "pip-licenses"), "--python", python, "--with-urls")
    for command in (
        (uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(_ENVIRONMENT)),
        (uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", *REQUIREMENTS),
        (*licences, "--format", "markdown", "--output-file", str(FOLDER / "licences.md")),
        (*licences, "--allow-only", ";".join(ALLOWED)),
        (
            *(str(_BIN / "cyclonedx-py"), "environment", "--pyproject", "pyproject.toml", "--output-reproducible"),
            *("--output-file", str(FOLDER / "sbom.cdx.json"), python),
        ),
    ):
        code = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - our own commands
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
