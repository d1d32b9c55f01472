"""What `sam build` made carries all that the functions import."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.deployment import BUILT_TEMPLATE
from local.stack import LocalStack
from tests.functions import ENVIRONMENT
from tests.template import load_template

RUNTIME_PACKAGES = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six"]
"""What Lambda's Python runtime brings; urllib3 is the layer's."""
FUNCTIONS = [name for name, one in load_template()["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of Lambda's runtime, and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    return folder


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_imports_from_the_layer_alone(stack: LocalStack, runtime: Path, function: str) -> None:
    """Each function's module is imported with the built layer and Lambda's runtime, and no other package."""
    assert stack.base_url  # it is built
    build = BUILT_TEMPLATE.parent
    path = [str(build / function), str(build / "SharedLayer" / "python"), str(runtime)]
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {path!r}; import app; app.lambda_handler"],
        env={**ENVIRONMENT, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
