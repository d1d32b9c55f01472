"""The output of `sam build`: everything that functions import, nothing unnecessary, and no source to compile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.ministack.build import BUILT_TEMPLATE, sam_build
from local.sam_template import RESOURCES, TEMPLATE
from local.stack import LocalStack
from tools.bench import cold_starts, sizes
from tools.bench.builds import FUNCTIONS, Build, Bytecode, differences, with_bytecode
from tools.lambda_runtime import ENVIRONMENT, LAYERS, layers_of, link_packages, search_path

AUTHORIZER = "AuthorizerFunction"
RULES = "PublishCheckRulesFunction"
ASKS_NO_TIKTOK = {
    AUTHORIZER,
    RULES,
    "CreateConnectionFunction",
    "ConnectionCallbackFunction",
    "ListConnectionsFunction",
    "ListConnectionAdvertisersFunction",
    "ReadinessFunction",
    "ReadinessRequestFunction",
}
CHECK = "ReadinessCheckFunction"
WORKERS = {CHECK, "RefreshConnectionsFunction", "ReadinessSweepFunction"}
"""Load the batch utility; the sweep does so with the module of connection refreshes."""
BACKGROUND = {*WORKERS, "ReadinessRequestFunction"}
"""Nobody waits for these: they call AWS through boto3."""
IMAGE = "CreateIdentityImageFunction"
"""Decodes pictures with its own package."""
MOST_MODULES = {
    AUTHORIZER: 134,
    RULES: 126,
    IMAGE: 281,
    "CreateConnectionFunction": 138,
    "ConnectionCallbackFunction": 135,
    "CompleteConnectionFunction": 274,
    "DeleteConnectionFunction": 272,
    "ListConnectionsFunction": 133,
    "ListConnectionAdvertisersFunction": 133,
    "PublishCheckFunction": 277,
    "ReadinessFunction": 150,
    "ReadinessSweepFunction": 459,
    "ReadinessRequestFunction": 305,
    CHECK: 458,
    "RefreshConnectionsFunction": 441,
}
"""The maximum of modules that a cold start imports besides Python's own, whose number depends on the version."""
MOST_MODULES_OF_OTHERS = 262


@pytest.fixture(scope="module")
def build(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The build as in Lambda, with all files dated 1980, and the packages of Lambda's runtime."""
    assert stack.base_url  # the stack is built
    folder = tmp_path_factory.mktemp("lambda")
    built = Build(BUILT_TEMPLATE.parent, link_packages(folder / "runtime"))
    return with_bytecode(built, Bytecode.SHIPPED, folder / "build")


def test_the_bench_knows_all_functions_and_layers() -> None:
    """The bench uses the template's functions and layers."""
    of_type = {
        kind: [name for name, one in RESOURCES.items() if one["Type"] == kind]
        for kind in ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
    }
    assert sorted(of_type["AWS::Serverless::Function"]) == sorted(FUNCTIONS)
    assert sorted(of_type["AWS::Serverless::LayerVersion"]) == sorted(LAYERS)
    shared = [one["Ref"] for one in TEMPLATE["Globals"]["Function"]["Layers"]]
    for name in FUNCTIONS:
        own = [one["Ref"] for one in RESOURCES[name]["Properties"].get("Layers", [])]
        assert (*shared, *own) == layers_of(name)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_only_from_its_layers(build: Build, function: str) -> None:
    """A function can be imported with only its built layers and Lambda's runtime."""
    path = search_path(build.folder, function, build.runtime)
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {path!r}; import app; app.lambda_handler"],
        env={**ENVIRONMENT, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_cold_start_compiles_nothing(build: Build, function: str) -> None:
    """The bytecode is hash-based and unchecked, so that the file dates of 1980 do not matter."""
    assert cold_starts.compiled(build, function) == []


def test_ordinary_bytecode_would_be_compiled_again(build: Build, tmp_path: Path) -> None:
    """With timestamp-based bytecode and the zip's dates every module would be compiled again."""
    ordinary = with_bytecode(build, Bytecode.DATED, tmp_path / "ordinary")
    sources_only = with_bytecode(build, Bytecode.NONE, tmp_path / "sources")
    compiled = [len(cold_starts.compiled(one, "PublishCheckFunction")) for one in (ordinary, sources_only)]
    assert compiled[0] == compiled[1] > 100


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_cold_start_imports_what_the_function_needs(build: Build, function: str) -> None:
    """A cold start imports boto3 only where nobody waits, no package of other functions, and few enough modules."""
    loaded = cold_starts.loaded(build, function)
    names = set(loaded.names)
    assert "regex" not in names
    assert ("boto3" in names) == (function in BACKGROUND)
    assert ("botocore.session" in names) == (function in BACKGROUND)  # Powertools reads botocore's version everywhere
    assert ("jwt" in names) == (function == AUTHORIZER)
    assert ("aws_lambda_powertools.utilities.batch" in names) == (function in WORKERS)
    assert ("PIL" in names) == (function == IMAGE)
    assert ("pydantic" in names) == (function != AUTHORIZER)
    assert ("requests" in names) == (function not in ASKS_NO_TIKTOK)
    ours = [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
    assert len(ours) <= MOST_MODULES.get(function, MOST_MODULES_OF_OTHERS)


def test_sizes(build: Build) -> None:
    """A layer's zip has at most 8 MB, a function's 30 kB, or 4 MB with Pillow: each cold start fetches both.

    What decodes pictures is with the one function that needs it, and in no layer, for which all others would pay.
    """
    for layer in LAYERS:
        assert sizes.size_of(build.folder / layer).zipped <= 8_000_000
    for function in FUNCTIONS:
        assert sizes.size_of(build.folder / function).zipped <= (4_000_000 if function == IMAGE else 30_000)
    assert {path.parent for path in build.folder.glob("**/PIL")} == {build.folder / IMAGE}


@pytest.mark.deep  # another complete build
def test_two_builds_are_identical(build: Build, tmp_path: Path) -> None:
    """Two builds are identical, so that unchanged functions are not deployed again."""
    again = tmp_path / "again"
    sam_build(again, "--no-cached")
    assert differences(build, Build(again, build.runtime)) == []
