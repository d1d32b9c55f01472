"""The access token is in no response and in no log line, whatever goes wrong."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.log_events import LogEvent
from tests.support.invocations import Ask
from tests.support.overriding import failing, overriding
from tests.support.product import Product
from tiktok_business.errors import UnavailableError

READY = DemoAdvertiser.EVERYTHING_READY
TOKEN = DemoToken.OWNER
ENDPOINTS: dict[str, dict[str, str]] = {
    "check": {"advertiser_id": READY},
    "list": {"advertiser_id": READY},
    "publish": {"advertiser_id": READY, "objective": "LEAD_GENERATION"},
    "create": {"advertiser_id": READY, "display_name": "Acme"},
    "upload": {"advertiser_id": READY, "image_url": "https://images.example/avatar-64x64.png"},
}
ARGUMENTS: dict[FaultKind, list[dict[str, Any]]] = {
    FaultKind.CODE: [
        {"code": code, "message": f"token {TOKEN} is rejected: Access-Token={TOKEN}"}
        for code in (40001, 40002, 40100, 40105, 50000)
    ],
    FaultKind.HTTP_STATUS: [{"status": 429}, {"status": 500}],
    FaultKind.HANG: [{"seconds": 0.02}],
    FaultKind.LATENCY: [{"seconds": 0.02}],
    FaultKind.SLOW_DRIP: [{"seconds": 0.02}],
    FaultKind.MISSING_KEY: [{"key": "list"}],
    FaultKind.WRONG_TYPE: [{"key": "identity_id", "value": {"token": TOKEN}}],
    FaultKind.HUGE_LIST: [{"repeat": 20}],
}
FAULTS = [(kind, values) for kind in FaultKind for values in ARGUMENTS.get(kind, [{}])]


@pytest.mark.parametrize(("kind", "values"), FAULTS, ids=[f"{one[0]}-{one[1].get('code', '')}" for one in FAULTS])
@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_response_and_no_log_line_contains_the_token(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, name: str, kind: FaultKind, values: dict[str, Any]
) -> None:
    """Not even if TikTok's response contains it, and not at the libraries' debug level."""
    tiktok.faults.add(Fault(path="*", kind=kind, token=TOKEN, **values))
    response = ask(demo, name, **ENDPOINTS[name])
    assert len(tiktok.requests) > 0
    assert log.getvalue().count("gateway-request") > 0
    assert TOKEN not in json.dumps(response.json) + str(response.headers) + log.getvalue()


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_internal_error_whose_text_contains_the_token_does_not_reveal_it(
    demo: Product, ask: Ask, log: io.StringIO, name: str
) -> None:
    """The response is 500, and the text of the error is neither in the response nor in the log."""
    secrets = overriding(demo.secrets, read_token=failing(f"could not decode {TOKEN}"))
    response = ask(replace(demo, tokens=replace(demo.tokens, secrets=secrets)), name, **ENDPOINTS[name])
    assert (response.status, response.json["code"]) == (500, "internal_error")
    assert '"FAILED"' not in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert TOKEN not in json.dumps(response.json) + log.getvalue()


def test_every_log_line_of_the_product_has_the_request_id(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO
) -> None:
    """Lines logged below the endpoint are JSON too and have the id of their request."""
    tiktok.world.revoke(TOKEN)
    ask(demo, "check", advertiser_id=READY)
    lines = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    line = next(line for line in lines if line["message"] == LogEvent.TOKEN_INVALID)
    assert (line["request_id"], line["user_id"], line["service"]) == ("gateway-request", "u-owner", "publishing")


def test_repr_and_str_show_no_token(demo: Product) -> None:
    """Neither repr nor str of a token or an error shows the token."""
    token = demo.secrets.read_token(demo.teams.connection("northlight", "u-owner"))
    error = UnavailableError("identity/get/", "HTTP 500")
    assert TOKEN not in f"{token} {token!r} {error} {error!r}"
