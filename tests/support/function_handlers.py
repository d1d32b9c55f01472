"""Loads a function's app.py as Lambda does: with in-memory AWS, a simulated TikTok and a token issuer."""

import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from local.identity_provider import IdentityProvider
from local.tiktok_simulator import Simulator
from tools.in_memory_aws import InMemoryAws
from tools.lambda_runtime import ENVIRONMENT

Handler = Callable[[Mapping[str, Any], Any], Any]


def restore_garbage_collector() -> None:
    """Undo what loading a function does to the garbage collector."""
    gc.unfreeze()
    gc.enable()


@contextmanager
def loaded_function(
    name: str, tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws, **variables: str
) -> Iterator[Handler]:
    """Load the function in this folder anew and yield its handler; its environment variables are set inside the block.

    ``variables`` override those of :data:`ENVIRONMENT`.
    """
    environment = {
        **ENVIRONMENT,
        "AWS_ENDPOINT_URL": aws.url,
        "TIKTOK_API_BASE_URL": tiktok.base_url,
        "JWKS_URL": issuer.jwks_url,
        "TOKEN_ISSUER": issuer.issuer,
        "TOKEN_AUDIENCE": issuer.audience,
        **variables,
    }
    module = f"functions.{name}.app"
    with patch.dict(os.environ, environment):
        sys.modules.pop(module, None)
        try:
            yield importlib.import_module(module).lambda_handler
        finally:
            sys.modules.pop(module, None)
            restore_garbage_collector()
