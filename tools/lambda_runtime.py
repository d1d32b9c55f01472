"""What Lambda provides to a function: the packages of its Python runtime, and environment variables."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six")
"""Packages of the Python runtime; urllib3 comes from the layer, which is first on the path."""
SHARED_LAYER, BEARER_LAYER = LAYERS = ("SharedLayer", "BearerLayer")
"""The template's layers."""
ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "TABLE_NAME": "table",
        "TIKTOK_API_BASE_URL": "https://business-api.tiktok.com/open_api/v1.3",
        "ACCEPTED_IDENTITY_TYPES": "TT_USER,CUSTOMIZED_USER",
        "ALLOWED_ORIGIN": "https://app.example",
        "DNS_SUFFIX": "amazonaws.com",
        "ACTIVE_EVERY": "1 hour",
        "IDLE_EVERY": "24 hours",
        "CONFIRM_AFTER": "5 minutes",
        "RATE_LIMIT_PAUSE": "5 minutes",
        "READINESS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/checks",
        "READINESS_URGENT_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/urgent-checks",
        "EVENT_BUS_NAME": "bus",
        "CONNECTION_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/connections",
        "SECRET_PREFIX": "wevion/tiktok",
        "WIZARD_URL": "https://app.example/campaigns",
        "TIKTOK_APP_LEVEL": "Basic",
        "READINESS_SHARE_PERCENT": "50",
        "POWERTOOLS_SERVICE_NAME": "wevion-tiktok",
        "JWKS_URL": "https://issuer.example/jwks.json",
        "TOKEN_ISSUER": "https://issuer.example",
        "TOKEN_AUDIENCE": "wevion",
        # Set by Lambda itself.
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_SESSION_TOKEN": "made-up",
    }
)
"""Environment variables with which every function can be loaded; the template sets the first part."""


def link_packages(folder: Path) -> Path:
    """Link only the runtime's packages of this environment into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{name} is not installed here")
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        link = folder / source.name
        link.unlink(missing_ok=True)
        link.symlink_to(source)
    return folder


def search_path(build: Path, function: str, runtime: Path) -> list[str]:
    """Return a built function's module search path in Lambda's order: its code, the layers, the runtime."""
    return [str(build / function), *(str(build / layer / "python") for layer in layers_of(function)), str(runtime)]


def layers_of(function: str) -> tuple[str, ...]:
    """Return the layers of a function of the template."""
    return (SHARED_LAYER, BEARER_LAYER) if function == "AuthorizerFunction" else (SHARED_LAYER,)
