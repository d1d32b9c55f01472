"""Cold starts: import and Init of each function in fresh interpreters, beside `import boto3` and a DynamoDB client."""

from collections.abc import Mapping
from dataclasses import dataclass

from local.console import Console
from tools.bench.builds import FUNCTIONS, Build, Bytecode, with_bytecode
from tools.bench.in_lambda import run_program
from tools.bench.samples import Figure, milliseconds

SAMPLES = 15
_PREFLIGHT = "PublishCheckFunction"


@dataclass(frozen=True)
class ColdStart:
    """One cold start."""

    seconds: float
    names: list[str]
    """The imported modules."""
    peak_megabytes: float

    @property
    def modules(self) -> int:
        """The number of imported modules."""
        return len(self.names)


@dataclass(frozen=True)
class Loaded:
    """The time and memory of loading one function."""

    milliseconds: Figure
    ratio: Figure
    """Relative to boto3 with a DynamoDB client, in the same run."""
    modules: int
    peak_megabytes: float


@dataclass(frozen=True)
class ColdStarts:
    """Every function, and the preflight with other bytecode."""

    yardstick_milliseconds: Figure
    functions: Mapping[str, Loaded]
    bytecode: Mapping[str, Figure]
    """Milliseconds of the preflight's imports, without its Init, by kind of bytecode."""
    shipped_over_sources: Figure


def measure(build: Build, console: Console) -> ColdStarts:
    """Load everything in several rounds, so that a slower machine affects all figures."""
    runs = {
        "yardstick": (build.search_path(_PREFLIGHT), "boto3"),
        **{name: (build.search_path(name), "app") for name in FUNCTIONS},
    }
    for kind in Bytecode:
        runs[kind] = (with_bytecode(build, kind).search_path(_PREFLIGHT), "modules")
    rounds: dict[str, list[ColdStart]] = {name: [] for name in runs}
    with console.step(f"Loading functions in {SAMPLES * len(runs)} fresh interpreters"):
        for _ in range(SAMPLES):
            for name, (path, mode) in runs.items():
                rounds[name].append(ColdStart(**run_program("load.py", path, mode)))
    seconds = {name: [one.seconds for one in samples] for name, samples in rounds.items()}
    yardstick = milliseconds(seconds["yardstick"])
    sources = milliseconds(seconds[Bytecode.NONE])
    return ColdStarts(
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
    """Return the sources, of the function and of the layer, that a cold start has to compile."""
    found: list[str] = run_program("compiled.py", build.search_path(function))
    return found


def loaded(build: Build, function: str) -> ColdStart:
    """Load a function once in a fresh interpreter."""
    return ColdStart(**run_program("load.py", build.search_path(function), "app"))
