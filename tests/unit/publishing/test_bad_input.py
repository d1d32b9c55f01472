"""Whatever is sent, the answer is the contract's problem JSON: never a 5xx, never a stack trace."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.tiktok_simulator import DemoAdvertiser, Simulator
from publishing.answers.publish_check import Rules
from publishing.endpoint import Handler, body_endpoint, query_endpoint
from publishing.inputs import AdvertiserQuery, CreateIdentityBody, PublishCheckQuery
from publishing.preflight.objectives import OBJECTIVES
from tests.support.invocations import Ask, FakeContext, Received, api_event
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
GOOD = {"advertiser_id": "7300000000000000001", "display_name": "Acme"}

check: Handler = query_endpoint(lambda _call, _query: Rules(objectives={}), AdvertiserQuery)
publish: Handler = query_endpoint(lambda _call, _query: Rules(objectives={}), PublishCheckQuery)
create: Handler = body_endpoint(lambda _call, body: body, CreateIdentityBody)


def answered(handler: Handler, event: dict[str, Any]) -> Received:
    return Received.of(handler(event, FakeContext()))


def refusal(answer: Received) -> list[tuple[str, str]]:
    """The fields that a problem of the contract's form names, with their messages."""
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == "invalid_request"
    assert set(answer.json) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert "Traceback" not in json.dumps(answer.json)
    return [(one["field"], one["message"]) for one in answer.json["errors"]]


@pytest.mark.parametrize(
    "value",
    ["", " ", "abc", "73000000000000000011234", "-1", "1.0", "٣", "1\n", " 1", "0x1F", "1,2", "null", "9" * 5000, "1;"],
)
def test_an_advertiser_id_is_one_to_twenty_digits(value: str) -> None:
    """Empty, over-long, wrong-typed, in other scripts: refused by the field's name, in every endpoint."""
    expected = [("advertiser_id", "must be TikTok's id: 1 to 20 digits")]
    assert refusal(answered(check, api_event({"advertiser_id": value}))) == expected
    assert refusal(answered(publish, api_event({"advertiser_id": value, "objective": "REACH"}))) == expected
    assert refusal(answered(create, api_event(body={**GOOD, "advertiser_id": value}))) == expected


@pytest.mark.parametrize("handler", [check, publish])
def test_a_repeated_parameter_is_refused(handler: Handler) -> None:
    """Of two values none is guessed to be meant, equal ones included."""
    query = [("advertiser_id", "1"), ("advertiser_id", "1"), ("objective", "REACH"), ("objective", "TRAFFIC")]
    message = "is given more than once; give it once"
    assert refusal(answered(handler, api_event(query))) == [("advertiser_id", message), ("objective", message)]


@pytest.mark.parametrize("name", ["Advertiser_id", "advertiserId", "ADVERTISER_ID", "user_id", "team_id", "role", ""])
def test_an_unknown_or_wrong_cased_parameter_is_refused(name: str) -> None:
    """A parameter that would silently do nothing is worse than an error."""
    (refused,) = refusal(answered(check, api_event({name: "1"})))
    assert refused[1] == "is not a field of this request; leave it out"


@pytest.mark.parametrize("objective", ["", "  ", "SALES", "web conversions", "TRAFFIC,REACH", "0", "null", "X" * 5000])
def test_an_unknown_objective_lists_the_known_ones(objective: str) -> None:
    """400 unknown_objective with all accepted names; what was sent is not repeated."""
    answer = answered(publish, api_event({"advertiser_id": "1", "objective": objective}))
    assert (answer.status, answer.json["code"], answer.json["accepted"]) == (400, "unknown_objective", [*OBJECTIVES])


def test_an_absent_objective_lists_the_known_ones() -> None:
    """No parameter at all is answered the same way."""
    answer = answered(publish, api_event())
    assert (answer.status, answer.json["code"], answer.json["accepted"]) == (400, "unknown_objective", [*OBJECTIVES])


@pytest.mark.parametrize("objective", ["web_conversions", " WEB_CONVERSIONS\t", "Web_Conversions"])
def test_letter_case_and_outer_white_space_of_an_objective_do_not_matter(objective: str) -> None:
    """The contract's one exception from exactness."""
    assert answered(publish, api_event({"objective": objective})).status == 200


@pytest.mark.parametrize("strict", ["", "2", "ja", "true false", "null"])
def test_strict_is_true_or_false(strict: str) -> None:
    """Anything else is refused, not taken for false."""
    event = api_event({"objective": "REACH", "strict": strict})
    assert refusal(answered(publish, event)) == [("strict", "must be true or false")]


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
        ({**GOOD, "display_name": ""}, "display_name", "is empty. Give the name that the ad should show."),
        ({**GOOD, "display_name": "\u200b\u2060"}, "display_name", "is empty. Give the name that the ad should show."),
        ({**GOOD, "identity_type": "TT_USER"}, "identity_type", "is not a field of this request; leave it out"),
        ({**GOOD, "Display_Name": "A"}, "Display_Name", "is not a field of this request; leave it out"),
        ({**GOOD, "user_id": "u-owner"}, "user_id", "is not a field of this request; leave it out"),
        ({**GOOD, "team_id": "southgate"}, "team_id", "is not a field of this request; leave it out"),
        ({**GOOD, "role": "owner"}, "role", "is not a field of this request; leave it out"),
    ],
)
def test_a_bad_body_is_refused_by_its_field(body: object, field: str, message: str) -> None:
    """Empty, not JSON, not an object, too large, incomplete, wrong-typed, with fields that are none."""
    assert refusal(answered(create, api_event(body=body))) == [(field, message)]


@pytest.mark.parametrize(
    "image_uri",
    ["https://x.example/a.jpg", "//x.example/a", "data:image/png;base64,A", "www.x", "a b", "é", 7, "x" * 600],
)
def test_an_image_is_the_id_of_an_upload(image_uri: object) -> None:
    """A URL or anything else that TikTok's upload API would not have answered is refused."""
    ((field, _),) = refusal(answered(create, api_event(body={**GOOD, "image_uri": image_uri})))
    assert field == "image_uri"


@pytest.mark.parametrize("image_uri", [None, ""])
def test_an_empty_image_counts_as_absent(image_uri: str | None) -> None:
    """The wizard need not leave the field out."""
    answer = answered(create, api_event(body={**GOOD, "image_uri": image_uri}))
    assert (answer.status, answer.json["image_uri"]) == (201, None)


def test_a_base64_body_is_read() -> None:
    """API Gateway hands binary media types over that way."""
    event = api_event(body=base64.b64encode(json.dumps(GOOD).encode()).decode()) | {"isBase64Encoded": True}
    assert answered(create, event).status == 201


@pytest.mark.parametrize(
    ("body", "message"),
    [("%%%", "is not valid base64"), ("é", "is not valid base64"), ("AA==", "is not valid JSON"), ("", "is empty;")],
)
def test_a_base64_body_that_is_none_is_refused(body: str, message: str) -> None:
    """Also where what it holds is not JSON."""
    ((field, told),) = refusal(answered(create, api_event(body=body) | {"isBase64Encoded": True}))
    assert (field, told.startswith(message)) == ("body", True)


def test_a_post_takes_no_query() -> None:
    """What is meant for the body is not silently dropped."""
    ((field, _),) = refusal(answered(create, api_event({"advertiser_id": "2"}, body=GOOD)))
    assert field == "query"


@pytest.mark.parametrize("key", ["", "   ", "x" * 256, "clé", "a\nb", "\x00"])
def test_an_idempotency_key_is_printable_and_short(key: str) -> None:
    """1 to 255 printable ASCII characters."""
    ((field, _),) = refusal(answered(create, api_event(body=GOOD, headers={"Idempotency-Key": key})))
    assert field == "Idempotency-Key"


@pytest.mark.parametrize(
    "headers",
    [None, {"Content-Type": "text/plain"}, {"Content-Length": "-1"}, {"X" * 9000: "é" * 9000}, {"Accept": "a/b"}],
)
def test_odd_headers_change_nothing(headers: dict[str, str] | None) -> None:
    """What is not asked for is not read."""
    assert answered(create, api_event(body=GOOD) | {"headers": headers}).status == 201


def test_forged_headers_and_fields_do_not_make_an_owner(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """A media buyer who names the owner in headers still has the advertisers of a media buyer alone."""
    answer = ask(demo, "publish", "u-buyer", advertiser_id=READY, objective="TRAFFIC")
    assert answer.json["code"] == "advertiser_not_accessible"
    forged = dict.fromkeys(("user_id", "X-User-Id", "team_id", "role", "X-Amzn-Authorizer", "Authorization"), "u-owner")
    event = api_event({"advertiser_id": READY}, headers=forged, user_id="u-buyer", role="mediabuyer")
    seen: list[str] = []
    handler = query_endpoint(
        lambda call, _query: seen.append(f"{call.caller}") or Rules(objectives={}),  # type: ignore[func-returns-value] # a list fits a lambda
        AdvertiserQuery,
    )
    assert answered(handler, event).status == 200
    assert seen == ["Caller(user_id='u-buyer', team_id='northlight', role='mediabuyer')"]
    assert len(tiktok.requests) == 0


@pytest.mark.parametrize(
    "context", [None, {}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"user_id": "u", "team_id": ""}}]
)
def test_who_did_not_pass_the_authorizer_is_nobody(context: object) -> None:
    """401, whatever the rest of the event says."""
    event = api_event({"advertiser_id": "1"}, headers={"Authorization": "Bearer x"}) | {"requestContext": context}
    answer = answered(check, event)
    assert (answer.status, answer.json["code"]) == (401, "unauthorized")


texts = st.text(max_size=50)


@given(st.lists(st.tuples(st.sampled_from(["advertiser_id", "objective", "strict", "x"]) | texts, texts), max_size=4))
def test_no_query_ends_in_a_fault_of_ours(pairs: list[tuple[str, str]]) -> None:
    """Any parameters: 200, or a 400 in the contract's form."""
    answer = answered(publish, api_event(pairs))
    assert answer.status in {200, 400}
    assert answer.status == 200 or answer.json["code"] in {"invalid_request", "unknown_objective"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
bodies = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("advertiser_id", "display_name", "image_uri", "role"), json_values)
)


@given((bodies | json_values).map(json.dumps) | st.text())
def test_no_body_ends_in_a_fault_of_ours(body: str) -> None:
    """Any text, JSON or not: 201, or a 400 in the contract's form."""
    answer = answered(create, api_event(body=body))
    assert answer.status == 201 or refusal(answer)
