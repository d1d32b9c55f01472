"""The functions as the template has them: their folders, and an environment in which each can be loaded."""

from typing import Any

from tests.template import load_template

REGION = "eu-central-1"
ENVIRONMENT = {
    "TABLE_NAME": "table",
    "TIKTOK_API_BASE_URL": "https://business-api.tiktok.com/open_api/v1.3",
    "ACCEPTED_IDENTITY_TYPES": "TT_USER,CUSTOMIZED_USER",
    "ALLOWED_ORIGIN": "https://app.example",
    "DNS_SUFFIX": "amazonaws.com",
    "JWKS_URL": "https://issuer.example/jwks.json",
    "TOKEN_ISSUER": "https://issuer.example",
    "TOKEN_AUDIENCE": "wevion",
    # What Lambda itself gives.
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_SESSION_TOKEN": "made-up",
}


def functions() -> dict[str, dict[str, Any]]:
    """The properties of the template's functions, by their folder below functions/."""
    resources = load_template()["Resources"].values()
    found = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return {one["CodeUri"].removeprefix("functions/"): one for one in found}
