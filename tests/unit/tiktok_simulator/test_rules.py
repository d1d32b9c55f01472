"""Rules of all endpoints of the simulated TikTok: envelope, tokens, advertisers, parameters, pages."""

import re
from typing import Any

import pytest
import requests

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Scope, Simulator, Token
from local.tiktok_simulator.endpoints import ENDPOINTS
from tests.unit.tiktok_simulator.client import Client, headers_of

OWNER_CENTER = "7200000000000000001"


class TestEnvelope:
    def test_success(self, client: Client) -> None:
        """A success has code 0, the message OK, a request id in TikTok's format and data."""
        answer = client.get("user/info/")
        assert set(answer) == {"code", "message", "request_id", "data"}
        assert (answer["code"], answer["message"]) == (0, "OK")
        assert re.fullmatch(r"\d{14}[0-9A-F]{18}", answer["request_id"])

    def test_refusal(self, client: Client) -> None:
        """An error is HTTP 200 with a code, a message and empty data."""
        answer = client.get("user/info/", token=None)
        assert answer["code"] == 40104
        assert answer["data"] == {}
        assert answer["message"]

    def test_request_ids_are_unique(self, client: Client) -> None:
        """No two responses have the same request id."""
        assert len({client.get("user/info/")["request_id"] for _ in range(20)}) == 20

    def test_missing_slash(self, simulator: Simulator) -> None:
        """A path without its slash and an unknown path are plain 404 pages."""
        for path in ("/user/info", "/nothing/here/"):
            response = requests.get(simulator.base_url + path, headers=headers_of(DemoToken.OWNER), timeout=5)
            assert response.status_code == 404
            assert response.headers["Content-Type"] == "text/html"

    @pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=lambda endpoint: endpoint.path)
    def test_wrong_method(self, simulator: Simulator, endpoint: Any) -> None:
        """The wrong method is a plain HTTP 405."""
        wrong = "POST" if endpoint.method == "GET" else "GET"
        response = requests.request(wrong, f"{simulator.base_url}/{endpoint.path}", timeout=5)
        assert response.status_code == 405


class TestTokens:
    @pytest.mark.parametrize("token", ["never-existed", DemoToken.REVOKED])
    def test_invalid_token(self, client: Client, token: str) -> None:
        """An unknown or revoked token is 40105."""
        assert client.get("user/info/", token)["code"] == 40105

    def test_scope(self, client: Client) -> None:
        """A token without the scope is 40001 and the message names the endpoint; the token's other scopes work."""
        answer = client.get("pixel/list/", DemoToken.NARROW_SCOPE, advertiser_id=DemoAdvertiser.EVERYTHING_READY)
        assert answer["code"] == 40001
        assert answer["message"].startswith("Permission error: The access token lacks the required scope for endpoint")
        assert "pixel/list/(method=GET)" in answer["message"]
        assert client.data("app/list/", DemoToken.NARROW_SCOPE, advertiser_id=DemoAdvertiser.EVERYTHING_READY)

    @pytest.mark.parametrize(
        "endpoint", [item for item in ENDPOINTS.values() if item.scope], ids=lambda endpoint: endpoint.path
    )
    def test_every_scope(self, client: Client, endpoint: Any) -> None:
        """Each endpoint that needs a scope refuses a token without scopes."""
        client.simulator.world.tokens["bare"] = Token("bare", "u", (), frozenset(Scope))
        ask = client.get if endpoint.method == "GET" else client.post
        assert "lacks the required scope" in ask(endpoint.path, "bare")["message"]


ADVERTISER_ENDPOINTS = ("identity/get/", "pixel/list/", "app/list/", "page/get/")


class TestAdvertisers:
    @pytest.mark.parametrize("path", ADVERTISER_ENDPOINTS)
    def test_foreign(self, client: Client, path: str) -> None:
        """An advertiser to which the token has no access is 40001."""
        answer = client.get(path, advertiser_id=DemoAdvertiser.FOREIGN)
        assert answer["code"] == 40001
        assert answer["message"] == f"No permission to operate advertiser: {DemoAdvertiser.FOREIGN}"

    @pytest.mark.parametrize("path", ADVERTISER_ENDPOINTS)
    def test_deleted(self, client: Client, path: str) -> None:
        """A deleted advertiser is 40001 too; only the message differs."""
        answer = client.get(path, advertiser_id=DemoAdvertiser.DELETED)
        assert answer["code"] == 40001
        assert "doesn't exist or has been deleted" in answer["message"]

    @pytest.mark.parametrize("path", ADVERTISER_ENDPOINTS)
    @pytest.mark.parametrize("advertiser_id", ["12ab", "-1", "7" * 30])
    def test_not_an_id(self, client: Client, path: str, advertiser_id: str) -> None:
        """An id that is not a 64-bit integer is 40002."""
        assert client.get(path, advertiser_id=advertiser_id)["code"] == 40002

    def test_absent(self, client: Client) -> None:
        """A missing advertiser id is 40002."""
        assert client.get("pixel/list/")["code"] == 40002


class TestPages:
    @pytest.mark.parametrize(
        ("path", "most", "query"),
        [
            ("identity/get/", 100, {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}),
            ("pixel/list/", 20, {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}),
            ("page/get/", 100, {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}),
            ("page/library/get/", 100, {}),
            ("bc/get/", 50, {}),
            ("catalog/get/", 100, {"bc_id": OWNER_CENTER}),
        ],
    )
    def test_page_size(self, client: Client, path: str, most: int, query: dict[str, str]) -> None:
        """The maximum page size is accepted; a larger or invalid size is refused, not reduced."""
        assert client.get(path, page_size=most, **query)["code"] == 0
        for wrong in (most + 1, 0, "ten"):
            assert client.get(path, page_size=wrong, **query)["code"] == 40002
        assert client.get(path, page=0, **query)["code"] == 40002

    def test_third_page(self, client: Client) -> None:
        """The pages of MANY_PAGES contain every pixel once; the usable pixel is on the third page."""
        query = {"advertiser_id": DemoAdvertiser.MANY_PAGES, "page_size": 20}
        pages = [client.data("pixel/list/", DemoToken.AGENCY, page=page, **query) for page in (1, 2, 3, 4)]
        assert pages[0]["page_info"] == {"page": 1, "page_size": 20, "total_number": 45, "total_page": 3}
        pixels = [pixel for page in pages for pixel in page["pixels"]]
        assert len({pixel["pixel_id"] for pixel in pixels}) == len(pixels) == 45
        assert [pixel["asset_ownership"]["asset_relation_status"] for pixel in pixels[-2:]] == [
            "UNBOUND",
            None,
        ]
        assert pages[3]["pixels"] == []

    def test_many_of_everything(self, client: Client) -> None:
        """MANY_PAGES has 130 custom identities; its usable TT_USER, form and catalog are on the last pages."""
        query = {"advertiser_id": DemoAdvertiser.MANY_PAGES, "page_size": 100}
        custom = client.data("identity/get/", DemoToken.AGENCY, identity_type="CUSTOMIZED_USER", **query)
        assert custom["page_info"]["total_number"] == 130
        linked = client.data("identity/get/", DemoToken.AGENCY, identity_type="TT_USER", page=2, **query)
        assert [row["available_status"] for row in linked["identity_list"]][-2:] == [
            "IS_PRIVATE_ACCOUNT",
            "AVAILABLE",
        ]
        forms = client.data("page/get/", DemoToken.AGENCY, page=3, **query)
        assert [row["status"] for row in forms["list"]][-2:] == ["EDITED", "PUBLISHED"]
        centers = client.data("bc/get/", DemoToken.AGENCY, page=2)["list"]
        bc_id = centers[-1]["bc_info"]["bc_id"]
        catalogs = client.data("catalog/get/", DemoToken.AGENCY, bc_id=bc_id, page=2, page_size=100)
        assert [row["ad_creation_eligible"] for row in catalogs["list"]][-2:] == [
            "NOT_AVAILABLE",
            "AVAILABLE",
        ]

    def test_empty(self, client: Client) -> None:
        """An empty list has total_page 0."""
        data = client.data("pixel/list/", DemoToken.MEDIA_BUYER, advertiser_id=DemoAdvertiser.NOTHING)
        assert data == {
            "pixels": [],
            "page_info": {"page": 1, "page_size": 10, "total_number": 0, "total_page": 0},
        }


class TestParameters:
    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("identity/get/", {"filtering": "{"}),
            ("identity/get/", {"filtering": "[]"}),
            ("identity/get/", {"filtering": '{"keyword": 1}'}),
            ("identity/get/", {"identity_type": "SOMETHING"}),
            ("pixel/list/", {"filtering": "available"}),
            ("pixel/list/", {"order_by": "NAME"}),
            ("pixel/list/", {"pixel_id": "abc"}),
            ("app/list/", {"app_platform_ids": "com.acme"}),
            ("page/get/", {"status": "DRAFT"}),
            ("page/get/", {"business_types": "LEAD_GEN"}),
            ("page/get/", {"business_types": '["NO"]'}),
            ("page/get/", {"business_type": "NO"}),
            ("term/check/", {}),
            ("term/check/", {"term_type": "Other"}),
        ],
    )
    def test_wrong(self, client: Client, path: str, query: dict[str, str]) -> None:
        """A wrong parameter is 40002."""
        assert client.get(path, advertiser_id=DemoAdvertiser.EVERYTHING_READY, **query)["code"] == 40002

    @pytest.mark.parametrize(
        ("path", "query", "message"),
        [
            ("pixel/list/", {"advertiser_id": ""}, "advertiser_id: Missing data for required field."),
            ("pixel/list/", {"advertiser_id": "1.0"}, "advertiser_id: Not a valid integer."),
            ("pixel/list/", {"page_size": "21"}, "page_size: Must be between 1 and 20."),
            ("pixel/list/", {"page_size": "2.0"}, "page_size: Not a valid integer."),
            ("pixel/list/", {"page": "0"}, "page: Must be an integer of 1 or more."),
            ("pixel/list/", {"filtering": "{"}, "filtering: Not a valid JSON."),
            ("pixel/list/", {"filtering": "[]"}, "filtering: Not a valid JSON object."),
            ("identity/get/", {"filtering": "[]"}, "filtering: Not a valid JSON object."),
            ("identity/get/", {"filtering": '{"keyword": 1}'}, "filtering.keyword: Not a valid string."),
            ("app/list/", {"app_platform_ids": "{}"}, "app_platform_ids: Not a valid JSON list of strings."),
            ("app/list/", {"app_platform_ids": "[1]"}, "app_platform_ids: Not a valid string."),
            ("page/get/", {"business_types": "{}"}, "business_types: Not a valid JSON list of strings."),
            ("page/get/", {"status": "DRAFT"}, "status: Must be one of: 'EDITED' or 'PUBLISHED'."),
            ("advertiser/info/", {"advertiser_ids": "[]"}, "advertiser_ids: Missing data for required field."),
            (
                "advertiser/info/",
                {"advertiser_ids": '["1"]', "fields": "{}"},
                "fields: Not a valid JSON list of strings.",
            ),
        ],
    )
    def test_messages(self, client: Client, path: str, query: dict[str, str], message: str) -> None:
        """The message names the wrong parameter and the reason."""
        response = client.get(path, **{"advertiser_id": DemoAdvertiser.EVERYTHING_READY, **query})
        assert (response["code"], response["message"]) == (40002, message)

    def test_unknown_is_ignored(self, client: Client) -> None:
        """An unknown parameter is ignored: identity_id does not filter a list."""
        query = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}
        filtered = client.data("identity/get/", identity_id="1", **query)
        assert len(filtered["identity_list"]) == len(client.data("identity/get/", **query)["identity_list"]) == 2
