"""docs/openapi.yaml describes the deployed stack, for generated requests."""

import random
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.schemas import BaseSchema

from local.demo.teams import MANAGER, MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, TRAINEE, UNPAID_OWNER
from local.paths import OPENAPI
from local.tiktok_simulator import DemoAdvertiser
from tests.support.stack import SECONDS, Api

pytestmark = pytest.mark.deep

CALLERS = (MEDIA_BUYER, OWNER, MANAGER, OWNER_WITHOUT_CONNECTION, TRAINEE, UNPAID_OWNER)
NOT_BEARERS = (None, None, None, "", "Bearer", "Basic dTpw", "Bearer not-a-jwt", "Bearer \xff", "bearer a.b.c")
"""Mostly none: for each other one the emulator runs the authorizer, which takes seconds."""

NOT_ROUTED_HERE = {"/", "\n"}
"""Characters in a path parameter: MiniStack decodes the path before routing and authorization, AWS after."""

# A function-scoped fixture resets the stack once for each operation, which is sufficient.
HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _schema(max_examples: int, **configuration: Any) -> BaseSchema:
    """Load the document; the generated requests are the same in every run, most with a demo advertiser."""
    advertiser = {"dictionary": "advertisers", "probability": 0.7}
    options = {
        "generation": {"max-examples": max_examples, "deterministic": True, "with-security-parameters": False},
        "dictionaries": {"advertisers": {"values": [one.value for one in DemoAdvertiser]}},
        "parameters": {"query.advertiser_id": advertiser, "body.advertiser_id": advertiser},
        **configuration,
    }
    return schemathesis.openapi.from_path(OPENAPI, config=SchemathesisConfig.from_dict(options))


ACCEPTED = ["200", "201", "303", "403", "404", "409", "422"]
"""401 is not among them; 404, 409 and 422 depend on what exists here and at TikTok, and on earlier requests."""
DEPENDS_ON_WHAT_EXISTS = ("list_connections", "list_connection_advertisers", "complete_connection", "readiness")
"""Operations with a next_token or a handle: one that is not known here is 400."""
REQUESTS = _schema(
    max_examples=300,
    operations=[
        {
            "include-operation-id": name,
            "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]}},
        }
        for name in DEPENDS_ON_WHAT_EXISTS
    ],
    checks={
        "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        # The callback redirects everything to the wizard with 303, which no other operation returns.
        "negative_data_rejection": {"expected-statuses": ["303", "400", "403", "404"]},
        # An unknown method is 404 here, and the stack tests check it.
        "unsupported_method": {"enabled": False},
        # Tested below.
        "ignored_auth": {"enabled": False},
    },
)
UNAUTHORIZED_REQUESTS = _schema(
    max_examples=6, phases={"examples": {"enabled": False}, "coverage": {"enabled": False}}
).exclude(operation_id="connection_callback")
"""Requests of all operations but the callback, which is authenticated by its query."""


def _chosen(case: schemathesis.Case[Any], among: tuple[Any, ...]) -> Any:
    """Choose one, always the same for the same request."""
    body = None if isinstance(case.body, NotSet) else case.body
    return random.Random(repr((case.method, case.path, case.query, case.headers, body))).choice(among)  # noqa: S311 - no secret


@REQUESTS.parametrize()
@HERE
def test_every_response_is_described(case: schemathesis.Case[Any], api: Api) -> None:
    """No response is a 5xx or undescribed; valid requests are accepted and invalid ones rejected."""
    assume(not set(unquote(str((case.path_parameters or {}).get("user_id", "")))) & NOT_ROUTED_HERE)
    headers = api.stack.bearer(_chosen(case, CALLERS))
    response = case.call_and_validate(base_url=api.base_url, headers=headers, timeout=SECONDS, allow_redirects=False)
    if response.status_code == 303:
        assert response.headers["location"][0].startswith(f"{api.stack.wizard.url}?tiktok=error&code=")
    else:
        assert response.headers["access-control-allow-origin"] == ["*"]


@UNAUTHORIZED_REQUESTS.parametrize()
@HERE
def test_every_operation_needs_a_bearer_token(case: schemathesis.Case[Any], api: Api) -> None:
    """Without a bearer token valid and invalid requests are 401 before their input is read."""
    header = _chosen(case, NOT_BEARERS)
    headers = {} if header is None else {"Authorization": header}
    response = case.call_and_validate(base_url=api.base_url, headers=headers, timeout=SECONDS)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
