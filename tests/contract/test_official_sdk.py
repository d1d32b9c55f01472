"""TikTok's official SDK, a stranger to this project, meets the simulator; what it sends is what our client sends.

Where the two differ is in DIFFERENCES, what the SDK cannot ask at all in LACKING: both are exact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator, World
from local.tiktok_simulator.journal import ReceivedRequest
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.models import IdentityType
from tiktok_business.return_codes import RETURN_CODES, Meaning, classify
from tiktok_business.transport import PRODUCTION_BASE_URL, RequestsTransport
from tools.official_sdk import OfficialSdk, SdkError, seen

READY = DemoAdvertiser.EVERYTHING_READY
MANY = DemoAdvertiser.MANY_PAGES
TOKEN = DemoToken.AGENCY
LAST_CENTER = "7200000000000000112"
NAME = 'Café "Süd" & Söhne + 100 % 🎉'
LACKS_SCOPE = "Permission error: The access token lacks the required scope for endpoint"

SDK_VERSION = "1.1.3"
"""The release that the two tables below speak of; look at them again when another one is locked."""

LACKING = {
    "page/get/": "no operation for instant pages and lead forms; our source is BUB api/page",
    "page/library/get/": "no operation; our source is BUB model/page/library",
}
"""What our client calls and this release of the SDK cannot."""


@dataclass(frozen=True)
class Ask:
    """One use of our client: a method of TikTokBusinessApi, and what it is called with."""

    endpoint: str
    method: str
    arguments: tuple[Any, ...]


ASKED = {
    "identities of one type": Ask("identity/get/", "identities", (MANY, IdentityType.TT_USER)),
    "identities of all types": Ask("identity/get/", "identities", (MANY, None)),
    "identities by name": Ask("identity/get/", "custom_identities_named", (MANY, NAME)),
    "identity with a picture": Ask("identity/create/", "create_identity", (MANY, NAME, "ad-site-i18n-sg/2026ab")),
    "identity without a picture": Ask("identity/create/", "create_identity", (MANY, NAME, None)),
    "pixels": Ask("pixel/list/", "pixels", (MANY,)),
    "Business Centers": Ask("bc/get/", "business_centers", ()),
    "catalogs": Ask("catalog/get/", "catalogs", (LAST_CENTER,)),
    "apps": Ask("app/list/", "apps", (MANY,)),
    "lead forms": Ask("page/get/", "lead_forms", ({"advertiser_id": MANY},)),
    "form libraries": Ask("page/library/get/", "page_libraries", (MANY,)),
    "advertiser": Ask("advertiser/info/", "advertiser", (MANY,)),
    "advertisers": Ask("advertiser/info/", "advertisers", ((MANY,),)),
    "custom identity flag": Ask("advertiser/info/", "can_use_custom_identity", (MANY,)),
    "lead terms": Ask("term/check/", "lead_terms_confirmed", (MANY,)),
}


@dataclass(frozen=True)
class Difference:
    """Where our request and the SDK's differ; None: not sent at all."""

    asked: str
    what: str
    ours: object
    sdk: object
    reason: str = field(compare=False)


DIFFERENCES = (
    Difference(
        "identities by name",
        "query filtering",
        r'{"keyword":"Caf\u00e9 \"S\u00fcd\" & S\u00f6hne + 100 % \ud83c\udf89"}',
        None,
        "the SDK's identity_get has no filtering (SDK python_sdk/docs/IdentityApi.md); TikTok's page has it "
        "(DOC:1740218420781057), and where it is ignored our client compares the names all the same",
    ),
    Difference(
        "identity without a picture",
        "sent",
        "yes",
        "ValueError: Invalid value for `image_uri`, must not be `None`",
        "the SDK's model has image_uri as required; TikTok's page has it as optional (DOC:1740654203526146), and a "
        "create without it is on record (NAN create-identity.test.json, 2026-05-27)",
    ),
    Difference(
        "advertiser",
        "query fields",
        '["advertiser_id","name","status"]',
        '["advertiser_id", "name", "status"]',
        "the same JSON: ours is without blanks, the SDK's is json.dumps' default (SDK api_client.py)",
    ),
    Difference(
        "advertisers",
        "query fields",
        '["advertiser_id","name","status"]',
        '["advertiser_id", "name", "status"]',
        "as before",
    ),
    Difference(
        "custom identity flag",
        "query fields",
        '["advertiser_id","can_use_custom_identity"]',
        '["advertiser_id", "can_use_custom_identity"]',
        "as before",
    ),
)

ELSEWHERE = {"upload_image", "upload_image_by_url"}
"""Methods of our client that test_official_sdk_connecting.py compares: what they send is a form."""


@pytest.fixture
def tiktok(running: Simulator) -> Simulator:
    running.reset()
    return running


def ask(tiktok: Simulator, asked: Ask) -> list[ReceivedRequest]:
    """What our client sends, every page of it."""
    transport = RequestsTransport(tiktok.base_url)
    api = TikTokBusinessApi(TikTokClient(transport, SecretStr(TOKEN.value), Deadline.after(30)))
    answer = getattr(api, asked.method)(*asked.arguments)
    if isinstance(answer, Iterator):
        list(answer)
    return list(tiktok.requests)


def ask_alike(tiktok: Simulator, sdk: OfficialSdk, ours: ReceivedRequest) -> dict[str, object]:
    """What the SDK sends when it is asked for the same."""
    tiktok.requests.clear()
    try:
        sdk.call_alike(ours, TOKEN)
    except SdkError as error:
        if not len(tiktok.requests):
            return {**seen(ours, TOKEN), "sent": str(error)}
    (theirs,) = tiktok.requests
    return seen(theirs, TOKEN)


@pytest.mark.parametrize("name", [name for name, asked in ASKED.items() if asked.endpoint not in LACKING])
def test_both_send_the_same(tiktok: Simulator, sdk: OfficialSdk, name: str) -> None:
    """The SDK, asked for what our client asks for, sends the same but for what DIFFERENCES says, and all that."""
    ours = ask(tiktok, ASKED[name])
    assert {request.path for request in ours} == {ASKED[name].endpoint}
    found = set()
    for request in ours:
        one, other = seen(request, TOKEN), ask_alike(tiktok, sdk, request)
        assert one["token"] == ("Access-Token header",)
        for what in one.keys() | other.keys():
            if one.get(what) != other.get(what):
                found.add(Difference(name, what, one.get(what), other.get(what), "found"))
    assert found == {difference for difference in DIFFERENCES if difference.asked == name}


def test_every_listing_is_compared_beyond_its_first_page(tiktok: Simulator) -> None:
    """The comparison covers later pages wherever our client reads in pages."""
    pages = {}
    for name, asked in ASKED.items():
        tiktok.reset()
        pages[name] = len(ask(tiktok, asked))
    assert {name for name, count in pages.items() if count > 1} == {
        "identities of one type",
        "identities of all types",
        "pixels",
        "catalogs",
        "lead forms",
    }


def test_every_method_of_our_client_is_compared() -> None:
    """No method of TikTokBusinessApi is left out of the comparison, and no difference is about another one."""
    methods = {name for name, value in vars(TikTokBusinessApi).items() if callable(value) and name[0] != "_"}
    assert {asked.method for asked in ASKED.values()} == methods - ELSEWHERE - {"until"}
    assert {difference.asked for difference in DIFFERENCES} <= ASKED.keys()


def test_what_the_sdk_lacks(sdk: OfficialSdk) -> None:
    """The SDK in its locked release lacks exactly the endpoints in LACKING."""
    assert sdk.version == SDK_VERSION
    assert len(sdk.operations) > 200
    assert {asked.endpoint for asked in ASKED.values()} - sdk.operations.keys() == LACKING.keys()


def test_production_address(sdk: OfficialSdk) -> None:
    """Our client goes to the host that the SDK goes to."""
    assert f"{sdk.host}/open_api/v1.3" == PRODUCTION_BASE_URL


ROWS = {
    "advertiser/info/": ("list", "advertiser_id"),
    "app/list/": ("apps", "app_id"),
    "catalog/get/": ("list", "catalog_id"),
    "identity/get/": ("identity_list", "identity_id"),
    "pixel/list/": ("pixels", "pixel_id"),
}
"""Where in `data` an endpoint's rows are, and where in a row its id is."""


@dataclass(frozen=True)
class Read:
    """A listing as the SDK asks for it, and the ids it should get."""

    endpoint: str
    token: DemoToken
    arguments: dict[str, Any]
    expected: Callable[[World], list[str]]


READS = {
    "identities come newest first": Read(
        "identity/get/",
        DemoToken.OWNER,
        {"advertiser_id": READY},
        lambda world: [identity.id for identity in reversed(world.advertisers[READY].identities)],
    ),
    "identities of one type have a second page": Read(
        "identity/get/",
        DemoToken.AGENCY,
        {"advertiser_id": MANY, "identity_type": "TT_USER", "page": 2, "page_size": 100},
        lambda world: [identity.id for identity in world.advertisers[MANY].identities[10::-1]],
    ),
    "identities of a Business Center": Read(
        "identity/get/",
        DemoToken.MEDIA_BUYER,
        {
            "advertiser_id": DemoAdvertiser.BC_IDENTITY_ONLY,
            "identity_type": "BC_AUTH_TT",
            "identity_authorized_bc_id": "7200000000000000004",
        },
        lambda world: [world.advertisers[DemoAdvertiser.BC_IDENTITY_ONLY].identities[0].id],
    ),
    "pixels have a third page": Read(
        "pixel/list/",
        DemoToken.AGENCY,
        {"advertiser_id": MANY, "page": 3, "page_size": 20},
        lambda world: [pixel.id for pixel in world.advertisers[MANY].pixels[40:]],
    ),
    "pixels by name, latest first": Read(
        "pixel/list/",
        DemoToken.AGENCY,
        {
            "advertiser_id": MANY,
            "name": "shop 4",
            "order_by": "LATEST_CREATE",
            "filtering": {"available_for_catalog_only": False},
        },
        lambda world: [world.advertisers[MANY].pixels[number - 1].id for number in (45, 44, 43, 42, 41, 40, 4)],
    ),
    "catalogs have a second page": Read(
        "catalog/get/",
        DemoToken.AGENCY,
        {"bc_id": LAST_CENTER, "page": 2, "page_size": 100},
        lambda world: [catalog.id for catalog in world.business_centers[LAST_CENTER].catalogs[100:]],
    ),
    "apps of one platform id": Read(
        "app/list/",
        DemoToken.OWNER,
        {"advertiser_id": READY, "app_platform_ids": ["com.example.app7100000000001000002", "com.example.other"]},
        lambda world: [world.advertisers[READY].apps[1].id],
    ),
    "two advertisers": Read(
        "advertiser/info/",
        DemoToken.OWNER,
        {"advertiser_ids": [DemoAdvertiser.SUSPENDED, READY], "fields": ["advertiser_id", "name"]},
        lambda _: [DemoAdvertiser.SUSPENDED, READY],
    ),
}


@pytest.mark.parametrize("name", READS)
def test_the_sdk_gets_the_rows(tiktok: Simulator, sdk: OfficialSdk, name: str) -> None:
    """The SDK reads listings from the simulator, with its own names for parameters and its own encoding."""
    read = READS[name]
    data = sdk.call(read.endpoint, read.token, **read.arguments)
    expected = read.expected(tiktok.world)
    assert expected
    rows, row_id = ROWS[read.endpoint]
    assert [row[row_id] for row in data[rows]] == expected


def test_the_sdk_gets_business_centers(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The SDK's filtering model reaches the simulator, and the id comes nested in bc_info."""
    data = sdk.call("bc/get/", DemoToken.MANAGER, filtering={"keyword": "retail"})
    assert [row["bc_info"]["bc_id"] for row in data["list"]] == ["7200000000000000003"]
    assert tiktok.requests[0].query == {"filtering": '{"keyword": "retail"}'}


def test_the_sdk_gets_the_flag_alone(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """Asked for can_use_custom_identity and more, the simulator gives the SDK the flag and the id."""
    fields = ["advertiser_id", "name", "can_use_custom_identity"]
    advertiser = DemoAdvertiser.CUSTOM_RESTRICTED
    data = sdk.call("advertiser/info/", DemoToken.MEDIA_BUYER, advertiser_ids=[advertiser], fields=fields)
    assert data == {"list": [{"advertiser_id": advertiser, "can_use_custom_identity": False}]}
    assert tiktok.requests[0].code == 0


@pytest.mark.parametrize(
    ("advertiser", "confirmed"), [(DemoAdvertiser.UNBOUND_PIXELS, True), (DemoAdvertiser.LEAD_TERMS_UNSIGNED, False)]
)
@pytest.mark.usefixtures("tiktok")
def test_the_sdk_gets_the_state_of_terms(sdk: OfficialSdk, advertiser: str, *, confirmed: bool) -> None:
    """The SDK learns whether the terms for lead ads are signed."""
    data = sdk.call("term/check/", DemoToken.MEDIA_BUYER, advertiser_id=advertiser, term_type="LeadAds")
    assert data == {"confirmed": confirmed}


def test_the_sdk_creates_an_identity(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """An identity that the SDK makes exists, and its id is the whole answer."""
    body = {"advertiser_id": DemoAdvertiser.NOTHING, "display_name": NAME, "image_uri": "ad-site-i18n-sg/2026ab"}
    data = sdk.call("identity/create/", DemoToken.MEDIA_BUYER, body=body)
    (made,) = tiktok.world.advertisers[DemoAdvertiser.NOTHING].identities
    assert (made.identity_type, made.display_name) == ("CUSTOMIZED_USER", NAME)
    assert data == {"identity_id": made.id}


@pytest.mark.parametrize(
    ("endpoint", "token", "arguments", "name", "message"),
    [
        (
            "identity/get/",
            DemoToken.REVOKED,
            {"advertiser_id": READY},
            "ERROR_CODE_INVALID_ACCESS_TOKEN",
            "Access token is incorrect or has been revoked.",
        ),
        (
            "pixel/list/",
            DemoToken.REVOKED,
            {"advertiser_id": READY},
            "ERROR_CODE_INVALID_ACCESS_TOKEN",
            "Access token is incorrect or has been revoked.",
        ),
        (
            "term/check/",
            DemoToken.OWNER,
            {"advertiser_id": DemoAdvertiser.FOREIGN, "term_type": "LeadAds"},
            "ERROR_CODE_PERMISSION_ERROR",
            f"No permission to operate advertiser: {DemoAdvertiser.FOREIGN}",
        ),
        (
            "advertiser/info/",
            DemoToken.OWNER,
            {"advertiser_ids": [READY, DemoAdvertiser.DELETED]},
            "ERROR_CODE_PERMISSION_ERROR",
            f"The advertiser {DemoAdvertiser.DELETED} doesn't exist or has been deleted.",
        ),
        (
            "pixel/list/",
            DemoToken.NARROW_SCOPE,
            {"advertiser_id": READY},
            "ERROR_CODE_PERMISSION_ERROR",
            f"{LACKS_SCOPE} '/open_api/v1.3/pixel/list/(method=GET)'.",
        ),
        (
            "pixel/list/",
            DemoToken.OWNER,
            {"advertiser_id": READY, "page_size": 21},
            "ERROR_CODE_PARAM_ERROR",
            "page_size: Must be between 1 and 20.",
        ),
    ],
)
def test_the_sdk_understands_refusals(
    tiktok: Simulator, sdk: OfficialSdk, endpoint: str, token: str, arguments: dict[str, Any], name: str, message: str
) -> None:
    """A refusal of the simulator's is an error of the SDK's own, with the code as the SDK names it and the request."""
    with pytest.raises(SdkError) as raised:
        sdk.call(endpoint, token, **arguments)
    (request,) = tiktok.requests
    assert request.status == 200
    assert raised.value.kind == "TiktokSDKError"
    assert (
        raised.value.message == f"Error Code: {sdk.codes[name]}, message: {message}, request_id: {request.request_id}"
    )


def test_codes_that_we_took_from_the_sdk(sdk: OfficialSdk) -> None:
    """Each code that our table has from the SDK is one of the SDK's."""
    ours = {code for row in RETURN_CODES if row.source.startswith("SDK") for code in (row.first, row.last)}
    assert {40003, 61000} <= ours <= set(sdk.codes.values())


def test_every_code_of_the_sdk_means_something(sdk: OfficialSdk) -> None:
    """Of all codes that the SDK names, our client can conclude nothing from one: a partial success."""
    unknown = {name for name, code in sdk.codes.items() if classify(code, "") is Meaning.UNKNOWN}
    assert unknown == {"ERROR_CODE_PARTIAL_OK"}
