"""TikTok's official SDK at the simulator: it sends the same requests as this client.

DIFFERENCES lists where the two differ, LACKING what the SDK cannot call; both are exact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator, World
from local.tiktok_simulator.journal import ReceivedRequest
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.models import IdentityType
from tiktok_business.return_codes import RETURN_CODES, ErrorCategory, classify
from tiktok_business.transport import PRODUCTION_BASE_URL, RequestsTransport
from tools.official_sdk import OfficialSdk, SdkError, comparable

READY = DemoAdvertiser.EVERYTHING_READY
MANY = DemoAdvertiser.MANY_PAGES
TOKEN = DemoToken.AGENCY
LAST_CENTER = "7200000000000000112"
NAME = 'Café "Süd" & Söhne + 100 % 🎉'
LACKS_SCOPE = "Permission error: The access token lacks the required scope for endpoint"

SDK_VERSION = "1.1.3"
"""The release that both tables below apply to; check them when another one is locked."""

LACKING = {
    "page/get/": "no operation for instant pages and lead forms; our source is BUB api/page",
    "page/library/get/": "no operation; our source is BUB model/page/library",
}
"""Endpoints that this client calls and this release of the SDK lacks."""


@dataclass(frozen=True)
class Use:
    """One call of this client: a method of TikTokBusinessApi and its arguments."""

    endpoint: str
    method: str
    arguments: tuple[Any, ...]


USES = {
    "identities of one type": Use("identity/get/", "identities", (MANY, IdentityType.TT_USER)),
    "identities of all types": Use("identity/get/", "identities", (MANY, None)),
    "identities by name": Use("identity/get/", "custom_identities_named", (MANY, NAME)),
    "identity with a picture": Use("identity/create/", "create_identity", (MANY, NAME, "ad-site-i18n-sg/2026ab")),
    "identity without a picture": Use("identity/create/", "create_identity", (MANY, NAME, None)),
    "pixels": Use("pixel/list/", "pixels", (MANY,)),
    "Business Centers": Use("bc/get/", "business_centers", ()),
    "catalogs": Use("catalog/get/", "catalogs", (LAST_CENTER,)),
    "apps": Use("app/list/", "apps", (MANY,)),
    "lead forms": Use("page/get/", "lead_forms", ({"advertiser_id": MANY},)),
    "form libraries": Use("page/library/get/", "page_libraries", (MANY,)),
    "advertiser": Use("advertiser/info/", "advertiser", (MANY,)),
    "advertisers": Use("advertiser/info/", "advertisers", ((MANY,),)),
    "custom identity flag": Use("advertiser/info/", "can_use_custom_identity", (MANY,)),
    "lead terms": Use("term/check/", "lead_terms_confirmed", (MANY,)),
}


@dataclass(frozen=True)
class Difference:
    """A difference between this client's request and the SDK's; None: not sent."""

    use: str
    part: str
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
        "(DOC:1740218420781057), and if TikTok ignores it, this client compares the names anyway",
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

COMPARED_ELSEWHERE = {"upload_image", "upload_image_by_url"}
"""Methods that test_official_sdk_connections.py compares, because they send a form."""


@pytest.fixture
def tiktok(running: Simulator) -> Simulator:
    running.reset()
    return running


def requests_of(tiktok: Simulator, use: Use) -> list[ReceivedRequest]:
    """Return all requests of this client."""
    transport = RequestsTransport(tiktok.base_url)
    api = TikTokBusinessApi(TikTokClient(transport, SecretStr(TOKEN.value), Deadline.after(30)))
    result = getattr(api, use.method)(*use.arguments)
    if isinstance(result, Iterator):
        list(result)
    return list(tiktok.requests)


def request_of_sdk(tiktok: Simulator, sdk: OfficialSdk, ours: ReceivedRequest) -> dict[str, object]:
    """Return the SDK's request for the same call."""
    tiktok.requests.clear()
    try:
        sdk.call_alike(ours, TOKEN)
    except SdkError as error:
        if not len(tiktok.requests):
            return {**comparable(ours, TOKEN), "sent": str(error)}
    (theirs,) = tiktok.requests
    return comparable(theirs, TOKEN)


@pytest.mark.parametrize("name", [name for name, use in USES.items() if use.endpoint not in LACKING])
def test_both_send_the_same_request(tiktok: Simulator, sdk: OfficialSdk, name: str) -> None:
    """The SDK's requests equal this client's except for exactly the listed differences."""
    ours = requests_of(tiktok, USES[name])
    assert {request.path for request in ours} == {USES[name].endpoint}
    found = set()
    for request in ours:
        one, other = comparable(request, TOKEN), request_of_sdk(tiktok, sdk, request)
        assert one["token"] == ("Access-Token header",)
        for part in one.keys() | other.keys():
            if one.get(part) != other.get(part):
                found.add(Difference(name, part, one.get(part), other.get(part), "found"))
    assert found == {difference for difference in DIFFERENCES if difference.use == name}


def test_every_listing_is_compared_beyond_its_first_page(tiktok: Simulator) -> None:
    """The comparison covers later pages of every paged listing."""
    pages = {}
    for name, use in USES.items():
        tiktok.reset()
        pages[name] = len(requests_of(tiktok, use))
    assert {name for name, count in pages.items() if count > 1} == {
        "identities of one type",
        "identities of all types",
        "pixels",
        "catalogs",
        "lead forms",
    }


def test_every_method_of_our_client_is_compared() -> None:
    """Every method of TikTokBusinessApi is compared, and every difference belongs to a compared call."""
    methods = {name for name, value in vars(TikTokBusinessApi).items() if callable(value) and name[0] != "_"}
    assert {use.method for use in USES.values()} == methods - COMPARED_ELSEWHERE - {"with_deadline"}
    assert {difference.use for difference in DIFFERENCES} <= USES.keys()


def test_endpoints_that_the_sdk_lacks(sdk: OfficialSdk) -> None:
    """The locked release of the SDK lacks exactly the endpoints in LACKING."""
    assert sdk.version == SDK_VERSION
    assert len(sdk.operations) > 200
    assert {use.endpoint for use in USES.values()} - sdk.operations.keys() == LACKING.keys()


def test_production_address(sdk: OfficialSdk) -> None:
    """Both clients use the same production host."""
    assert f"{sdk.host}/open_api/v1.3" == PRODUCTION_BASE_URL


ROWS = {
    "advertiser/info/": ("list", "advertiser_id"),
    "app/list/": ("apps", "app_id"),
    "catalog/get/": ("list", "catalog_id"),
    "identity/get/": ("identity_list", "identity_id"),
    "pixel/list/": ("pixels", "pixel_id"),
}
"""The keys of an endpoint's rows and of a row's id."""


@dataclass(frozen=True)
class Read:
    """A listing that the SDK reads, and the expected ids."""

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
    """The SDK reads listings from the simulator with its own parameter names and encoding."""
    read = READS[name]
    data = sdk.call(read.endpoint, read.token, **read.arguments)
    expected = read.expected(tiktok.world)
    assert expected
    rows, row_id = ROWS[read.endpoint]
    assert [row[row_id] for row in data[rows]] == expected


def test_the_sdk_gets_business_centers(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The simulator reads the SDK's filtering model, and the id is nested in bc_info."""
    data = sdk.call("bc/get/", DemoToken.MANAGER, filtering={"keyword": "retail"})
    assert [row["bc_info"]["bc_id"] for row in data["list"]] == ["7200000000000000003"]
    assert tiktok.requests[0].query == {"filtering": '{"keyword": "retail"}'}


def test_the_sdk_gets_the_flag_without_other_fields(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """If can_use_custom_identity is requested, the simulator returns only the flag and the id."""
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
    """The SDK reads whether the terms of lead ads are signed."""
    data = sdk.call("term/check/", DemoToken.MEDIA_BUYER, advertiser_id=advertiser, term_type="LeadAds")
    assert data == {"confirmed": confirmed}


def test_the_sdk_creates_an_identity(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """An identity created by the SDK exists, and the response is only its id."""
    body = {"advertiser_id": DemoAdvertiser.NOTHING, "display_name": NAME, "image_uri": "ad-site-i18n-sg/2026ab"}
    data = sdk.call("identity/create/", DemoToken.MEDIA_BUYER, body=body)
    (created,) = tiktok.world.advertisers[DemoAdvertiser.NOTHING].identities
    assert (created.identity_type, created.display_name) == ("CUSTOMIZED_USER", NAME)
    assert data == {"identity_id": created.id}


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
def test_the_sdk_raises_the_simulators_errors(
    tiktok: Simulator, sdk: OfficialSdk, endpoint: str, token: str, arguments: dict[str, Any], name: str, message: str
) -> None:
    """An error of the simulator becomes the SDK's error with code, message and request id."""
    with pytest.raises(SdkError) as raised:
        sdk.call(endpoint, token, **arguments)
    (request,) = tiktok.requests
    assert request.status == 200
    assert raised.value.kind == "TiktokSDKError"
    assert (
        raised.value.message == f"Error Code: {sdk.codes[name]}, message: {message}, request_id: {request.request_id}"
    )


def test_codes_from_the_sdk(sdk: OfficialSdk) -> None:
    """Every code that the table takes from the SDK exists in the SDK."""
    ours = {code for row in RETURN_CODES if row.source.startswith("SDK") for code in (row.first, row.last)}
    assert {40003, 61000} <= ours <= set(sdk.codes.values())


def test_every_code_of_the_sdk_has_a_category(sdk: OfficialSdk) -> None:
    """Only one of the SDK's codes is unknown to the table: a partial success."""
    unknown = {name for name, code in sdk.codes.items() if classify(code, "") is ErrorCategory.UNKNOWN}
    assert unknown == {"ERROR_CODE_PARTIAL_OK"}
