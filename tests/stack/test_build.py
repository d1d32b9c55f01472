"""What `sam build` made carries all that the functions import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.deployment import BUILT_TEMPLATE
from local.lambda_runtime import ENVIRONMENT, link_packages, search_path
from local.stack import LocalStack
from tests.template import load_template

FUNCTIONS = [name for name, one in load_template()["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of Lambda's runtime, and nothing else of this environment."""
    return link_packages(tmp_path_factory.mktemp("runtime"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_imports_from_the_layer_alone(stack: LocalStack, runtime: Path, function: str) -> None:
    """Each function's module is imported with the built layer and Lambda's runtime, and no other package."""
    assert stack.base_url  # it is built
    path = search_path(BUILT_TEMPLATE.parent, function, runtime)
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {path!r}; import app; app.lambda_handler"],
        env={**ENVIRONMENT, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
