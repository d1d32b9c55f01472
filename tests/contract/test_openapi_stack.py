"""docs/openapi.yaml holds on the deployed stack, for requests that nobody thought of."""

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
"""Mostly none at all: for each of the others the emulator starts the authorizer anew, which takes seconds."""

NOT_ROUTED_HERE = {"/", "\n"}
"""In a path's parameter: MiniStack decodes a path before it looks for the route and asks the policy, AWS does after."""

# A function-scoped fixture brings the stack to its start once for each operation, which is often enough.
HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _schema(max_examples: int, **configuration: Any) -> BaseSchema:
    """The document, for requests that are the same in every run; most of them ask about a demo advertiser."""
    advertiser = {"dictionary": "advertisers", "probability": 0.7}
    given = {
        "generation": {"max-examples": max_examples, "deterministic": True, "with-security-parameters": False},
        "dictionaries": {"advertisers": {"values": [one.value for one in DemoAdvertiser]}},
        "parameters": {"query.advertiser_id": advertiser, "body.advertiser_id": advertiser},
        **configuration,
    }
    return schemathesis.openapi.from_path(OPENAPI, config=SchemathesisConfig.from_dict(given))


REQUESTS = _schema(
    max_examples=300,
    checks={
        # 401 is not among them; 404, 409 and 422 depend on what exists here and at TikTok, and on earlier requests.
        "positive_data_acceptance": {"expected-statuses": ["200", "201", "303", "403", "404", "409", "422"]},
        # Whatever comes back from the consent page goes on to the wizard, with 303, which no other operation answers.
        "negative_data_rejection": {"expected-statuses": ["303", "400", "403", "404"]},
        # An unknown method is 404 here, and the stack tests check it.
        "unsupported_method": {"enabled": False},
        # Asked below.
        "ignored_auth": {"enabled": False},
    },
)
UNAUTHORIZED_REQUESTS = _schema(
    max_examples=6, phases={"examples": {"enabled": False}, "coverage": {"enabled": False}}
).exclude(operation_id="connection_callback")
"""Of all operations but the one whose proof is in its query."""


def _chosen(case: schemathesis.Case[Any], among: tuple[Any, ...]) -> Any:
    """One of them, always the same for the same request."""
    body = None if isinstance(case.body, NotSet) else case.body
    return random.Random(repr((case.method, case.path, case.query, case.headers, body))).choice(among)  # noqa: S311 - no secret


@REQUESTS.parametrize()
@HERE
def test_every_answer_is_as_described(case: schemathesis.Case[Any], api: Api) -> None:
    """Whatever is sent: no 5xx, no status, header or body that the document does not give; good is taken, bad not."""
    assume(not set(unquote(str((case.path_parameters or {}).get("user_id", "")))) & NOT_ROUTED_HERE)
    headers = api.stack.bearer(_chosen(case, CALLERS))
    answer = case.call_and_validate(base_url=api.base_url, headers=headers, timeout=SECONDS, allow_redirects=False)
    if answer.status_code == 303:
        assert answer.headers["location"][0].startswith(f"{api.stack.wizard.url}?tiktok=error&code=")
    else:
        assert answer.headers["access-control-allow-origin"] == ["*"]


@UNAUTHORIZED_REQUESTS.parametrize()
@HERE
def test_nothing_is_answered_without_a_bearer_token(case: schemathesis.Case[Any], api: Api) -> None:
    """Good requests and bad ones alike are refused before anything of them is looked at."""
    header = _chosen(case, NOT_BEARERS)
    headers = {} if header is None else {"Authorization": header}
    answer = case.call_and_validate(base_url=api.base_url, headers=headers, timeout=SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
