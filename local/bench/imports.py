"""Cold starts: import and Init of each function in fresh interpreters, beside `import boto3` and a DynamoDB client."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.bench.builds import FUNCTIONS, Build, Bytecode, with_bytecode
from local.bench.samples import Figure, milliseconds
from local.console import Console
from local.lambda_runtime import ENVIRONMENT

SAMPLES = 15
PROGRAMS = Path(__file__).with_name("in_lambda")
_LOAD = PROGRAMS / "load.py"
_COMPILED = PROGRAMS / "compiled.py"
_PREFLIGHT = "PublishCheckFunction"


@dataclass(frozen=True)
class Loading:
    """One cold start."""

    seconds: float
    names: list[str]
    """Of the modules that were imported."""
    peak_megabytes: float

    @property
    def modules(self) -> int:
        """How many they are."""
        return len(self.names)


@dataclass(frozen=True)
class Loaded:
    """What loading one function takes."""

    milliseconds: Figure
    ratio: Figure
    """To boto3 with a DynamoDB client, of the same run."""
    modules: int
    peak_megabytes: float


@dataclass(frozen=True)
class Imports:
    """Every function, and the preflight with other bytecode."""

    yardstick_milliseconds: Figure
    functions: Mapping[str, Loaded]
    bytecode: Mapping[str, Figure]
    """Milliseconds of the preflight's imports, without its Init, by kind of bytecode."""
    shipped_over_sources: Figure


def measure(build: Build, console: Console) -> Imports:
    """Load everything in turn, round after round, so that a machine that slows down slows all of it down."""
    runs = {
        "yardstick": (build.search_path(_PREFLIGHT), "boto3"),
        **{name: (build.search_path(name), "app") for name in FUNCTIONS},
    }
    for kind in Bytecode:
        runs[kind] = (with_bytecode(build, kind).search_path(_PREFLIGHT), "modules")
    rounds: dict[str, list[Loading]] = {name: [] for name in runs}
    with console.step(f"Loading functions in {SAMPLES * len(runs)} fresh interpreters"):
        for _ in range(SAMPLES):
            for name, (where, what) in runs.items():
                rounds[name].append(Loading(**run_program(_LOAD, where, what)))
    seconds = {name: [one.seconds for one in samples] for name, samples in rounds.items()}
    yardstick = milliseconds(seconds["yardstick"])
    sources = milliseconds(seconds[Bytecode.NONE])
    return Imports(
        yardstick_milliseconds=yardstick,
        functions={
            name: Loaded(
                milliseconds(seconds[name]),
                milliseconds(seconds[name]).over(yardstick.median),
                rounds[name][0].modules,
                rounds[name][0].peak_megabytes,
            )
            for name in FUNCTIONS
        },
        bytecode={kind: milliseconds(seconds[kind]) for kind in Bytecode},
        shipped_over_sources=milliseconds(seconds[Bytecode.SHIPPED]).over(sources.median),
    )


def compiled(build: Build, function: str) -> list[str]:
    """Return the sources that a cold start of the function has to compile, of its own and of the layer."""
    found: list[str] = run_program(_COMPILED, build.search_path(function))
    return found


def loaded(build: Build, function: str) -> "Loading":
    """Load a function once, cold."""
    return Loading(**run_program(_LOAD, build.search_path(function), "app"))


def command(program: Path, *arguments: str) -> list[str]:
    """Return the command of a fresh interpreter that knows no packages but those it is told of, and writes none."""
    return [sys.executable, "-I", "-S", "-B", str(program), *arguments]


def run_program(program: Path, *arguments: str, text: str | None = None) -> Any:
    """Run one of the programs in a function's environment; return the JSON that it prints."""
    ended = subprocess.run(  # noqa: S603 - our own programs
        command(program, *arguments), env=dict(ENVIRONMENT), input=text, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{program.name} failed: {ended.stderr}")
    return json.loads(ended.stdout)
