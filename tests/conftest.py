"""Rules for every test: loopback is the only network, AWS credentials are fake, and which tests run in parallel."""

import os
from collections import Counter

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # has no types

pytest_plugins = ["tests.support.stack"]

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
STACK = "stack"
"""Scope of the tests of the deployed stack, which exists once: one process runs them all."""
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
    """Hide the developer's AWS credentials from the tests, and remove Hypothesis' deadline."""
    os.environ.pop("AWS_PROFILE", None)
    os.environ.update(_AWS)
    settings.register_profile("here", deadline=None)  # a busy machine is not a failure
    settings.load_profile("here")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # its base class has no types
    """Keeps the tests of a file in one process, since they share fixtures; and all tests of the stack."""

    def _split_scope(self, nodeid: str) -> str:
        return STACK if nodeid.startswith(_ON_THE_STACK) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Distribute the tests by file, in the order of the collection."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow connections to loopback only; require a docstring and a unique id of every test."""
    silent = sorted({item.nodeid.partition("[")[0] for item in items if not getattr(item, "function", item).__doc__})
    if silent:
        raise pytest.UsageError(f"tests without a docstring, the sentence they prove: {', '.join(silent)}")
    _make_ids_unique(items)
    for item in items:
        if item.get_closest_marker("allow_hosts") is None:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
    if "PYTEST_XDIST_WORKER" in os.environ:  # the slowest tests start first
        items.sort(key=lambda item: not item.nodeid.startswith(_ON_THE_STACK))


def _make_ids_unique(items: list[pytest.Item]) -> None:
    """Give each test its own id: pytest-xdist runs only one of several tests with the same id, without an error.

    schemathesis names the operation of a test in its name, but not in its id.
    """
    repeated = {nodeid for nodeid, count in Counter(item.nodeid for item in items).items() if count > 1}
    for item in items:
        if item.nodeid in repeated and item.parent is not None:
            item._id = item.parent.id.child(item.name)  # noqa: SLF001 - pytest has no public way to set it
    ids = Counter(item.nodeid for item in items)
    if len(ids) < len(items):
        raise pytest.UsageError(f"tests with the same id: {[one for one, count in ids.items() if count > 1]}")
