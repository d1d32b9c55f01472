"""The access token appears in no answer and in no log line, whatever goes wrong."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
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
OWN: dict[FaultKind, list[dict[str, Any]]] = {
    FaultKind.CODE: [
        {"code": code, "message": f"token {TOKEN} is refused: Access-Token={TOKEN}"}
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
FAULTS = [(kind, values) for kind in FaultKind for values in OWN.get(kind, [{}])]


@pytest.mark.parametrize(("kind", "values"), FAULTS, ids=[f"{one[0]}-{one[1].get('code', '')}" for one in FAULTS])
@pytest.mark.parametrize("name", ENDPOINTS)
def test_no_answer_and_no_log_line_holds_the_token(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO, name: str, kind: FaultKind, values: dict[str, Any]
) -> None:
    """Also where TikTok itself quotes it, and also on the libraries' debug level."""
    tiktok.faults.add(Fault(path="*", kind=kind, token=TOKEN, **values))
    answer = ask(demo, name, **ENDPOINTS[name])
    assert len(tiktok.requests) > 0
    assert log.getvalue().count("gateway-request") > 0
    assert TOKEN not in json.dumps(answer.json) + str(answer.headers) + log.getvalue()


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_fault_of_ours_that_quotes_the_token_does_not_spread_it(
    demo: Product, ask: Ask, log: io.StringIO, name: str
) -> None:
    """500, and the text of the error is nowhere."""
    tokens = overriding(demo.services.tokens, read=failing(f"could not decode {TOKEN}"))
    answer = ask(replace(demo, services=replace(demo.services, tokens=tokens)), name, **ENDPOINTS[name])
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert '"FAILED"' not in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert TOKEN not in json.dumps(answer.json) + log.getvalue()


def test_a_line_from_within_the_product_carries_the_request_id(
    tiktok: Simulator, demo: Product, ask: Ask, log: io.StringIO
) -> None:
    """Lines from within the product are JSON like the endpoint's own, and can be joined to their request."""
    tiktok.world.revoke(TOKEN)
    ask(demo, "check", advertiser_id=READY)
    lines = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    dead = next(line for line in lines if line["message"] == "TikTok calls the token dead")
    assert (dead["request_id"], dead["user_id"], dead["service"]) == ("gateway-request", "u-owner", "publishing")


def test_the_product_shows_no_token_of_itself(demo: Product) -> None:
    """repr and str of what holds a token show nothing; errors do not either."""
    token = demo.services.tokens.read(demo.teams.connection("northlight", "u-owner"))
    error = UnavailableError("identity/get/", "HTTP 500")
    assert TOKEN not in f"{token} {token!r} {error} {error!r}"
