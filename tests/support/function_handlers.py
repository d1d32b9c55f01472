"""A function's real handler, as its app.py makes it: on an AWS in memory, a simulated TikTok, an issuer of tokens."""

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
from publishing.aws.clients import dynamodb_client
from tools.in_memory_aws import InMemoryAws
from tools.lambda_runtime import ENVIRONMENT

Handler = Callable[[Mapping[str, Any], Any], Any]


def collect_again() -> None:
    """Undo for the tests what a loaded function has done to the garbage collector."""
    gc.unfreeze()
    gc.enable()


@contextmanager
def wired_function(
    name: str, tiktok: Simulator, issuer: IdentityProvider, aws: InMemoryAws, **variables: str
) -> Iterator[Handler]:
    """The handler of the function in this folder, loaded anew; inside the block its environment holds.

    `variables` are those in which it is to be another one than that of the tests.
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
        dynamodb_client.cache_clear()
        sys.modules.pop(module, None)
        try:
            yield importlib.import_module(module).lambda_handler
        finally:
            sys.modules.pop(module, None)
            if dynamodb_client.cache_info().currsize:
                dynamodb_client().close()
            dynamodb_client.cache_clear()
            collect_again()
