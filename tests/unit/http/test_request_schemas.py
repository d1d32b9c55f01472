"""Any invalid input gets the contract's problem JSON: never a 5xx, never a stack trace."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tiktok_simulator import DemoAdvertiser, Simulator
from publishing.http.check_schemas import Rules
from publishing.http.endpoint import Handler, body_endpoint, query_endpoint
from publishing.http.request_schemas import AdvertiserQuery, CreateIdentityBody, PublishCheckQuery
from publishing.preflight.objectives import OBJECTIVES
from tests.support.invocations import Ask, FakeContext, Received, api_event
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
GOOD = {"advertiser_id": "7300000000000000001", "display_name": "Acme"}

check: Handler = query_endpoint(lambda _context, _query: Rules(objectives={}), AdvertiserQuery)
publish: Handler = query_endpoint(lambda _context, _query: Rules(objectives={}), PublishCheckQuery)
create: Handler = body_endpoint(lambda _context, body: body, CreateIdentityBody)


def respond(handler: Handler, event: dict[str, Any]) -> Received:
    return Received.of(handler(event, FakeContext()))


def invalid_fields(response: Received) -> list[tuple[str, str]]:
    """Return the fields of an ``invalid_request`` problem with their messages, and check the problem's form."""
    assert response.status == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json["code"] == "invalid_request"
    assert set(response.json) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert "Traceback" not in json.dumps(response.json)
    return [(one["field"], one["message"]) for one in response.json["errors"]]


@pytest.mark.parametrize(
    "value",
    ["", " ", "abc", "73000000000000000011234", "-1", "1.0", "٣", "1\n", " 1", "0x1F", "1,2", "null", "9" * 5000, "1;"],
)
def test_an_advertiser_id_is_one_to_twenty_digits(value: str) -> None:
    """Every endpoint rejects ids that are empty, too long, of another type or in other scripts, and names the field."""
    expected = [("advertiser_id", "must be TikTok's id: 1 to 20 digits")]
    assert invalid_fields(respond(check, api_event({"advertiser_id": value}))) == expected
    assert invalid_fields(respond(publish, api_event({"advertiser_id": value, "objective": "REACH"}))) == expected
    assert invalid_fields(respond(create, api_event(body={**GOOD, "advertiser_id": value}))) == expected


@pytest.mark.parametrize("handler", [check, publish])
def test_a_repeated_parameter_is_rejected(handler: Handler) -> None:
    """Repeated parameters are rejected, even with equal values."""
    query = [("advertiser_id", "1"), ("advertiser_id", "1"), ("objective", "REACH"), ("objective", "TRAFFIC")]
    message = "is repeated; send it once"
    assert invalid_fields(respond(handler, api_event(query))) == [("advertiser_id", message), ("objective", message)]


@pytest.mark.parametrize("name", ["Advertiser_id", "advertiserId", "ADVERTISER_ID", "user_id", "team_id", "role", ""])
def test_an_unknown_parameter_is_rejected(name: str) -> None:
    """Unknown parameters, and known ones in another letter case, are rejected rather than ignored."""
    (rejected,) = invalid_fields(respond(check, api_event({name: "1"})))
    assert rejected[1] == "is not a field of this request; leave it out"


@pytest.mark.parametrize("objective", ["", "  ", "SALES", "web conversions", "TRAFFIC,REACH", "0", "null", "X" * 5000])
def test_an_unknown_objective_gets_the_accepted_ones(objective: str) -> None:
    """The response is 400 unknown_objective with all accepted names and without what was sent."""
    response = respond(publish, api_event({"advertiser_id": "1", "objective": objective}))
    assert (response.status, response.json["code"], response.json["accepted"]) == (
        400,
        "unknown_objective",
        [*OBJECTIVES],
    )


def test_an_absent_objective_gets_the_accepted_ones() -> None:
    """Without any parameter the response is the same 400 unknown_objective."""
    response = respond(publish, api_event())
    assert (response.status, response.json["code"], response.json["accepted"]) == (
        400,
        "unknown_objective",
        [*OBJECTIVES],
    )


@pytest.mark.parametrize("objective", ["web_conversions", " WEB_CONVERSIONS\t", "Web_Conversions"])
def test_letter_case_and_outer_white_space_of_an_objective_do_not_matter(objective: str) -> None:
    """Objectives are accepted in any letter case and with outer white space."""
    assert respond(publish, api_event({"objective": objective})).status == 200


@pytest.mark.parametrize("strict", ["", "2", "ja", "true false", "null"])
def test_strict_is_true_or_false(strict: str) -> None:
    """Any other value is rejected, not read as false."""
    event = api_event({"objective": "REACH", "strict": strict})
    assert invalid_fields(respond(publish, event)) == [("strict", "must be true or false")]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (None, "body", "is empty; send a JSON object"),
        ("", "body", "is empty; send a JSON object"),
        (" \r\n", "body", "is empty; send a JSON object"),
        ("{", "body", "is not valid JSON"),
        ("advertiser_id=1&display_name=Acme", "body", "is not valid JSON"),
        ('{"advertiser_id": "1", "display_name": "\\ud800"}', "body", "is not valid JSON"),
        ('{"display_name": "\ud800"}', "body", "is not valid JSON"),
        ("[" * 50_000, "body", "is not valid JSON"),
        ("[]", "body", "must be a JSON object"),
        ("null", "body", "must be a JSON object"),
        ("7", "body", "must be a JSON object"),
        ('"text"', "body", "must be a JSON object"),
        (json.dumps({**GOOD, "padding": "x" * 1_000_000}), "body", "is larger than 100000 bytes"),
        ({"display_name": "Acme"}, "advertiser_id", "is required"),
        ({"advertiser_id": "1"}, "display_name", "is required"),
        ({**GOOD, "advertiser_id": 7300000000000000001}, "advertiser_id", "must be a string"),
        ({**GOOD, "advertiser_id": None}, "advertiser_id", "must be a string"),
        ({**GOOD, "advertiser_id": ["1"]}, "advertiser_id", "must be a string"),
        ({**GOOD, "display_name": 7}, "display_name", "must be a string"),
        ({**GOOD, "display_name": {"text": "Acme"}}, "display_name", "must be a string"),
        ({**GOOD, "display_name": ""}, "display_name", "is empty. Send the name that the ad should show."),
        ({**GOOD, "display_name": "\u200b\u2060"}, "display_name", "is empty. Send the name that the ad should show."),
        ({**GOOD, "identity_type": "TT_USER"}, "identity_type", "is not a field of this request; leave it out"),
        ({**GOOD, "Display_Name": "A"}, "Display_Name", "is not a field of this request; leave it out"),
        ({**GOOD, "user_id": "u-owner"}, "user_id", "is not a field of this request; leave it out"),
        ({**GOOD, "team_id": "southgate"}, "team_id", "is not a field of this request; leave it out"),
        ({**GOOD, "role": "owner"}, "role", "is not a field of this request; leave it out"),
    ],
)
def test_an_invalid_body_gets_the_invalid_field(body: object, field: str, message: str) -> None:
    """Bodies that are empty, not a JSON object, too large, incomplete, of wrong types or with unknown fields."""
    assert invalid_fields(respond(create, api_event(body=body))) == [(field, message)]


@pytest.mark.parametrize(
    "image_uri",
    ["https://x.example/a.jpg", "//x.example/a", "data:image/png;base64,A", "www.x", "a b", "é", 7, "x" * 600],
)
def test_an_image_is_the_id_of_an_upload(image_uri: object) -> None:
    """A URL, or anything else that TikTok's upload API would not return, is rejected."""
    ((field, _),) = invalid_fields(respond(create, api_event(body={**GOOD, "image_uri": image_uri})))
    assert field == "image_uri"


@pytest.mark.parametrize("image_uri", [None, ""])
def test_an_empty_image_counts_as_absent(image_uri: str | None) -> None:
    """Null and the empty string count as absent."""
    response = respond(create, api_event(body={**GOOD, "image_uri": image_uri}))
    assert (response.status, response.json["image_uri"]) == (201, None)


def test_a_base64_body_is_read() -> None:
    """API Gateway sends binary media types as base64."""
    event = api_event(body=base64.b64encode(json.dumps(GOOD).encode()).decode()) | {"isBase64Encoded": True}
    assert respond(create, event).status == 201


@pytest.mark.parametrize(
    ("body", "message"),
    [("%%%", "is not valid base64"), ("é", "is not valid base64"), ("AA==", "is not valid JSON"), ("", "is empty;")],
)
def test_an_invalid_base64_body_is_rejected(body: str, message: str) -> None:
    """Invalid base64 is rejected, and so is base64 of anything but JSON."""
    ((field, actual),) = invalid_fields(respond(create, api_event(body=body) | {"isBase64Encoded": True}))
    assert (field, actual.startswith(message)) == ("body", True)


def test_a_post_accepts_no_query_parameters() -> None:
    """Query parameters of a POST are rejected rather than ignored."""
    ((field, _),) = invalid_fields(respond(create, api_event({"advertiser_id": "2"}, body=GOOD)))
    assert field == "query"


@pytest.mark.parametrize("key", ["", "   ", "x" * 256, "clé", "a\nb", "\x00"])
def test_an_idempotency_key_is_printable_and_short(key: str) -> None:
    """A key has 1 to 255 printable ASCII characters; any other is rejected."""
    ((field, _),) = invalid_fields(respond(create, api_event(body=GOOD, headers={"Idempotency-Key": key})))
    assert field == "Idempotency-Key"


@pytest.mark.parametrize(
    "headers",
    [None, {"Content-Type": "text/plain"}, {"Content-Length": "-1"}, {"X" * 9000: "é" * 9000}, {"Accept": "a/b"}],
)
def test_other_headers_are_ignored(headers: dict[str, str] | None) -> None:
    """Headers that the endpoint does not read change nothing."""
    assert respond(create, api_event(body=GOOD) | {"headers": headers}).status == 201


def test_forged_headers_do_not_change_the_principal(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A media buyer who names the owner in headers still gets the advertisers of a media buyer only."""
    response = ask(demo, "publish", "u-buyer", advertiser_id=READY, objective="TRAFFIC")
    assert response.json["code"] == "advertiser_not_accessible"
    forged = dict.fromkeys(("user_id", "X-User-Id", "team_id", "role", "X-Amzn-Authorizer", "Authorization"), "u-owner")
    event = api_event({"advertiser_id": READY}, headers=forged, user_id="u-buyer", role="mediabuyer")
    seen: list[str] = []
    handler = query_endpoint(
        lambda context, _query: seen.append(f"{context.principal}") or Rules(objectives={}),  # type: ignore[func-returns-value] # append returns None
        AdvertiserQuery,
    )
    assert respond(handler, event).status == 200
    assert seen == ["Principal(user_id='u-buyer', team_id='northlight', role='mediabuyer')"]
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize(
    "context", [None, {}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"user_id": "u", "team_id": ""}}]
)
def test_an_event_without_the_authorizers_context_is_unauthorized(context: object) -> None:
    """The response is 401, whatever else the event contains."""
    event = api_event({"advertiser_id": "1"}, headers={"Authorization": "Bearer x"}) | {"requestContext": context}
    response = respond(check, event)
    assert (response.status, response.json["code"]) == (401, "unauthorized")


texts = st.text(max_size=50)


@given(st.lists(st.tuples(st.sampled_from(["advertiser_id", "objective", "strict", "x"]) | texts, texts), max_size=4))
def test_no_query_causes_an_internal_error(pairs: list[tuple[str, str]]) -> None:
    """Any query parameters get a 200 or a 400 in the contract's form."""
    response = respond(publish, api_event(pairs))
    assert response.status in {200, 400}
    assert response.status == 200 or response.json["code"] in {"invalid_request", "unknown_objective"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
bodies = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("advertiser_id", "display_name", "image_uri", "role"), json_values)
)


@given((bodies | json_values).map(json.dumps) | st.text())
def test_no_body_causes_an_internal_error(body: str) -> None:
    """Any text, JSON or not, gets a 201 or a 400 in the contract's form."""
    response = respond(create, api_event(body=body))
    assert response.status == 201 or invalid_fields(response)
