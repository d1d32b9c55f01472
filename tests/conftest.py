"""What holds for every test: no network but loopback, no AWS account but a made-up one, and which run side by side."""

import os

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # has no types

pytest_plugins = ["tests.support.stack"]

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
STACK = "stack"
"""The tests of the deployed stack, which is built and there once: one process takes them all."""
_ON_THE_STACK = (
    "tests/stack/",
    "tests/browser/",
    "tests/contract/test_openapi_stack.py",
    "tests/deep/test_make_run.py",
)

_AWS = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_SESSION_TOKEN": "made-up",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def pytest_configure() -> None:
    """Hide the developer's own AWS from the tests, and let properties take their time."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.update(_AWS)
    settings.register_profile("here", deadline=None)  # a busy machine is no failure
    settings.load_profile("here")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # its base class has no types
    """A file's tests stay together, as its fixtures are made once; so do all tests of the stack."""

    def _split_scope(self, nodeid: str) -> str:
        return STACK if nodeid.startswith(_ON_THE_STACK) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Hand out the tests by file, in the order of the collection."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every test connect to this machine and to nothing else, and ask each for the sentence it proves."""
    silent = sorted({item.nodeid.partition("[")[0] for item in items if not getattr(item, "function", item).__doc__})
    if silent:
        raise pytest.UsageError(f"tests without a docstring, the sentence they prove: {', '.join(silent)}")
    for item in items:
        if item.get_closest_marker("allow_hosts") is None:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
    if "PYTEST_XDIST_WORKER" in os.environ:  # what takes longest begins first
        items.sort(key=lambda item: not item.nodeid.startswith(_ON_THE_STACK))
