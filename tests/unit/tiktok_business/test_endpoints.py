"""TikTok's endpoints, called at the simulated TikTok."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Identity, Simulator
from local.tiktok_simulator.journal import fingerprint
from tests.support.scripted_tiktok import FakeClock, ScriptedTransport, client_of, success
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import AdvertiserGoneError, TokenInvalidError, UnexpectedResponseError
from tiktok_business.models import IdentityType
from tiktok_business.transport import RequestsTransport

READY = DemoAdvertiser.EVERYTHING_READY
MANY = DemoAdvertiser.MANY_PAGES
Call = Callable[[TikTokBusinessApi], Iterable[Any]]
flat = chain.from_iterable


@pytest.fixture(scope="module")
def running_demo() -> Iterator[Simulator]:
    """One server for all tests; use ``demo``."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def demo(running_demo: Simulator) -> Simulator:
    """The simulated TikTok with its demo advertisers."""
    running_demo.reset()
    return running_demo


def api_of(demo: Simulator, token: str = DemoToken.OWNER) -> TikTokBusinessApi:
    """Return the endpoints for this token."""
    client = TikTokClient(RequestsTransport(demo.base_url), SecretStr(token), Deadline.after(10), sleep=lambda _: None)
    return TikTokBusinessApi(client)


READS: dict[str, tuple[Call, str, dict[str, str]]] = {
    "identities": (
        lambda api: flat(api.identities(READY, IdentityType.TT_USER)),
        "identity/get/",
        {"advertiser_id": READY, "identity_type": "TT_USER", "page": "1", "page_size": "100"},
    ),
    "identities_of_all_types": (
        lambda api: flat(api.identities(READY, None)),
        "identity/get/",
        {"advertiser_id": READY, "page": "1", "page_size": "100"},
    ),
    "custom_identities_named": (
        lambda api: api.custom_identities_named(READY, "Demo brand 1"),
        "identity/get/",
        {
            "advertiser_id": READY,
            "identity_type": "CUSTOMIZED_USER",
            "filtering": '{"keyword":"Demo brand 1"}',
            "page": "1",
            "page_size": "100",
        },
    ),
    "pixels": (
        lambda api: flat(api.pixels(READY)),
        "pixel/list/",
        {"advertiser_id": READY, "page": "1", "page_size": "20"},
    ),
    "business_centers": (lambda api: api.business_centers(), "bc/get/", {"page": "1", "page_size": "50"}),
    "catalogs": (
        lambda api: flat(api.catalogs("7200000000000000001")),
        "catalog/get/",
        {"bc_id": "7200000000000000001", "page": "1", "page_size": "100"},
    ),
    "apps": (lambda api: flat(api.apps(READY)), "app/list/", {"advertiser_id": READY}),
    "lead_forms": (
        lambda api: flat(api.lead_forms({"advertiser_id": READY})),
        "page/get/",
        {"advertiser_id": READY, "business_type": "LEAD_GEN", "page": "1", "page_size": "100"},
    ),
    "advertiser": (
        lambda api: [api.advertiser(READY)],
        "advertiser/info/",
        {"advertiser_ids": f'["{READY}"]', "fields": '["advertiser_id","name","status"]'},
    ),
    "can_use_custom_identity": (
        lambda api: [api.can_use_custom_identity(READY)],
        "advertiser/info/",
        {"advertiser_ids": f'["{READY}"]', "fields": '["advertiser_id","can_use_custom_identity"]'},
    ),
    "lead_terms_confirmed": (
        lambda api: [api.lead_terms_confirmed(READY)],
        "term/check/",
        {"advertiser_id": READY, "term_type": "LeadAds"},
    ),
}


@pytest.mark.parametrize(("call", "path", "query"), READS.values(), ids=READS.keys())
def test_parameters(demo: Simulator, call: Call, path: str, query: dict[str, str]) -> None:
    """Each endpoint is called with exactly these parameters, lists and objects as JSON, and returns something."""
    assert list(call(api_of(demo)))
    (request,) = demo.requests
    assert (request.method, request.path, request.query) == ("GET", path, query)
    assert request.token_fingerprint == fingerprint(DemoToken.OWNER)


PAGED: dict[str, tuple[Call, int, int]] = {
    "tt_users": (lambda api: flat(api.identities(MANY, IdentityType.TT_USER)), 111, 2),
    "custom": (lambda api: flat(api.identities(MANY, IdentityType.CUSTOMIZED_USER)), 130, 2),
    "all_types": (lambda api: flat(api.identities(MANY, None)), 241, 3),
    "pixels": (lambda api: flat(api.pixels(MANY)), 45, 3),
    "business_centers": (lambda api: api.business_centers(), 12, 1),
    "catalogs": (lambda api: flat(api.catalogs("7200000000000000112")), 120, 2),
    "lead_forms": (lambda api: flat(api.lead_forms({"advertiser_id": MANY})), 205, 3),
}


@pytest.mark.parametrize(("call", "rows", "pages"), PAGED.values(), ids=PAGED.keys())
class TestPages:
    def test_all(self, demo: Simulator, call: Call, rows: int, pages: int) -> None:
        """Each listing returns every row and reads each page once, with the largest allowed page size."""
        found = list(call(api_of(demo, DemoToken.AGENCY)))
        assert len(found) == len(set(found)) == rows
        assert [request.query["page"] for request in demo.requests] == [str(page + 1) for page in range(pages)]
        assert {request.code for request in demo.requests} == {0}

    def test_first(self, demo: Simulator, call: Call, rows: int, pages: int) -> None:  # noqa: ARG002 - one table
        """Reading one row takes one page."""
        assert next(iter(call(api_of(demo, DemoToken.AGENCY))))
        assert len(demo.requests) == 1


@pytest.mark.parametrize(
    ("call", "path"),
    [(call, path) for call, path, query in READS.values() if "page_size" in query],
    ids=[name for name, (_, _, query) in READS.items() if "page_size" in query],
)
def test_largest_page(demo: Simulator, call: Call, path: str) -> None:
    """TikTok rejects a page size one larger than the one used."""
    list(call(api_of(demo)))
    query = demo.requests[0].query
    client = api_of(demo).client
    with pytest.raises(Exception, match=r"40002.*page_size"):
        client.get(path, {**query, "page_size": int(query["page_size"]) + 1})


class TestIdentities:
    def test_type(self) -> None:
        """If TikTok ignores the requested type, identities of other types are left out."""
        rows = [{"identity_id": str(n), "identity_type": kind} for n, kind in enumerate(IdentityType)]
        for kind in IdentityType:
            api = TikTokBusinessApi(client_of(ScriptedTransport([success({"identity_list": rows})])))
            assert [identity.identity_type for identity in flat(api.identities("1", kind))] == [kind]

    def test_older_key(self) -> None:
        """The rows may have their older key."""
        rows = [{"identity_id": "1", "identity_type": "TT_USER"}]
        api = TikTokBusinessApi(client_of(ScriptedTransport([success({"list": rows})])))
        assert [identity.identity_id for identity in flat(api.identities("1", None))] == ["1"]

    def test_shared_by_two(self) -> None:
        """An account shared by two Business Centers is two identities with one id; a repeated row is skipped."""
        shared = {"identity_id": "1", "identity_type": "BC_AUTH_TT"}
        rows = [{**shared, "identity_authorized_bc_id": bc} for bc in ("7", "8", "7")]
        api = TikTokBusinessApi(client_of(ScriptedTransport([success({"identity_list": rows})])))
        assert [identity.identity_authorized_bc_id for identity in flat(api.identities("1", None))] == ["7", "8"]

    def test_repeated_pages(self) -> None:
        """A repeated page is recognised although its picture URLs have changed."""

        def page(number: int, expires: int) -> dict[str, Any]:
            image = f"https://images.example/p.jpg?x-expires={expires}"
            rows = [{"identity_id": str(n), "identity_type": "TT_USER", "profile_image": image} for n in range(100)]
            info = {"page": number, "page_size": 100, "total_number": 111, "total_page": 2}
            return {"identity_list": rows, "page_info": info}

        transport = ScriptedTransport([success(page(1, 1_780_000_000)), success(page(2, 1_780_000_001))])
        rows = flat(TikTokBusinessApi(client_of(transport)).identities("1", IdentityType.TT_USER))
        with pytest.raises(UnexpectedResponseError, match="only 100 of 111 rows"):
            list(rows)

    def test_named(self, demo: Simulator) -> None:
        """TikTok also finds similar names; only equal ones are returned."""
        names = ["Acme", "acme", "Acme ", "Acme Shoes", "Acme"]
        demo.world.advertisers[READY].identities = [
            Identity(str(number), "CUSTOMIZED_USER", name) for number, name in enumerate(names)
        ]
        assert [found.identity_id for found in api_of(demo).custom_identities_named(READY, "Acme")] == ["4", "0"]

    def test_named_custom_only(self) -> None:
        """A TT_USER of that name is not returned."""
        rows = [
            {"identity_id": str(n), "identity_type": kind, "display_name": "Acme"}
            for n, kind in enumerate(IdentityType)
        ]
        api = TikTokBusinessApi(client_of(ScriptedTransport([success({"identity_list": rows})])))
        assert [found.identity_type for found in api.custom_identities_named("1", "Acme")] == ["CUSTOMIZED_USER"]


class TestCreateIdentity:
    @pytest.mark.parametrize(
        ("image_uri", "image"),
        [(None, {}), ("", {}), ("ad-site/2026/a+b", {"image_uri": "ad-site/2026/a+b"})],
        ids=["none", "empty", "slash"],
    )
    def test_body(self, demo: Simulator, image_uri: str | None, image: dict[str, str]) -> None:
        """The name and the image's id are sent unchanged, an empty image is not sent; the result is the new id."""
        name = "Çafé & Söhne \N{GRINNING FACE}"
        identity_id = api_of(demo).create_identity(READY, name, image_uri)
        (request,) = demo.requests
        assert (request.method, request.path, request.query) == ("POST", "identity/create/", {})
        assert request.body == {"advertiser_id": READY, "display_name": name, **image}
        newest = demo.world.advertisers[READY].identities[-1]
        assert (newest.id, newest.display_name) == (identity_id, name)

    @pytest.mark.parametrize("data", [{}, {"identity_id": None}, {"identity_id": ""}, {"id": "1"}], ids=json.dumps)
    def test_no_id(self, data: object) -> None:
        """The outcome of a success without an id is unknown, and it is not retried."""
        transport = ScriptedTransport([success(data)])
        with pytest.raises(UnexpectedResponseError) as raised:
            TikTokBusinessApi(client_of(transport)).create_identity("1", "Acme", None)
        assert raised.value.outcome_unknown
        assert len(transport.sent) == 1


class TestLibraries:
    def test_form_in_a_library(self, demo: Simulator) -> None:
        """A form that was moved to a library is found there and not in its advertiser's listing."""
        api = api_of(demo, DemoToken.MANAGER)
        assert list(flat(api.lead_forms({"advertiser_id": DemoAdvertiser.LIBRARY_FORM}))) == []
        (library,) = api.page_libraries(DemoAdvertiser.LIBRARY_FORM)
        assert list(api.page_libraries(DemoAdvertiser.LINKED_BY_OWNER)) == []
        (form,) = flat(api.lead_forms({"library_id": library.library_id}))
        assert form.status == "PUBLISHED"
        assert "advertiser_id" not in demo.requests[-1].query


class TestAdvertiser:
    def test_status(self, demo: Simulator) -> None:
        """Name and status are read without the flag, with which TikTok would omit them."""
        advertiser = api_of(demo).advertiser(DemoAdvertiser.SUSPENDED)
        assert (advertiser.name, advertiser.status) == ("Suspended", "STATUS_DISABLE")

    @pytest.mark.parametrize(
        ("advertiser_id", "allowed"),
        [
            (DemoAdvertiser.CUSTOM_ALLOWED, True),
            (DemoAdvertiser.CUSTOM_RESTRICTED, False),
            (DemoAdvertiser.CUSTOM_UNCERTAIN, None),
        ],
    )
    def test_flag(
        self,
        demo: Simulator,
        advertiser_id: str,
        allowed: bool | None,  # noqa: FBT001 - a row of the table
    ) -> None:
        """Custom identities are allowed, not allowed, or TikTok does not say."""
        assert api_of(demo, DemoToken.MEDIA_BUYER).can_use_custom_identity(advertiser_id) is allowed

    @pytest.mark.parametrize(
        "data",
        [{}, {"list": None}, {"list": []}, {"list": [{"advertiser_id": "2", "name": "Other"}]}, {"list": [{}]}],
        ids=json.dumps,
    )
    def test_another(self, data: object) -> None:
        """A response without the requested advertiser is unexpected."""
        with pytest.raises(UnexpectedResponseError):
            TikTokBusinessApi(client_of(ScriptedTransport([success(data)]))).advertiser("1")

    def test_deleted(self, demo: Simulator) -> None:
        """A deleted advertiser raises another error than one that this token may not operate."""
        with pytest.raises(AdvertiserGoneError):
            api_of(demo).advertiser(DemoAdvertiser.DELETED)


class TestTerms:
    @pytest.mark.parametrize(("advertiser_id", "signed"), [(READY, True), (DemoAdvertiser.LEAD_TERMS_UNSIGNED, False)])
    def test_signed(self, demo: Simulator, advertiser_id: str, signed: bool) -> None:  # noqa: FBT001 - a row of the table
        """TikTok says whether the terms of lead ads are signed."""
        token = DemoToken.OWNER if signed else DemoToken.MEDIA_BUYER
        assert api_of(demo, token).lead_terms_confirmed(advertiser_id) is signed

    @pytest.mark.parametrize("data", [{}, {"confirmed": None}, {"confirmed": "unexpected"}], ids=json.dumps)
    def test_unreadable(self, data: object) -> None:
        """Anything but true or false is unexpected."""
        with pytest.raises(UnexpectedResponseError):
            TikTokBusinessApi(client_of(ScriptedTransport([success(data)]))).lead_terms_confirmed("1")


def test_invalid_token(demo: Simulator) -> None:
    """Every endpoint raises TokenInvalidError for an invalid token."""
    for call, _, _ in READS.values():
        with pytest.raises(TokenInvalidError):
            list(call(api_of(demo, DemoToken.REVOKED)))


def test_with_deadline() -> None:
    """Endpoints with another deadline do not change the original ones."""
    clock = FakeClock()
    api = TikTokBusinessApi(client_of(ScriptedTransport([]), clock=clock, seconds=8))
    sooner = api.with_deadline(api.client.deadline.reserve(3))
    assert sooner.client.deadline.remaining() == 5
    assert api.client.deadline.remaining() == 8
    assert sooner.client.token == api.client.token
