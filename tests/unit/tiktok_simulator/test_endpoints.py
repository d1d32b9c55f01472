"""The simulated TikTok responds on each endpoint as TikTok does, including its quirks."""

import json
import re
from typing import Any

import pytest
import requests

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator
from tests.unit.tiktok_simulator.client import Client, headers_of

OWNER_CENTER = "7200000000000000001"


class TestIdentities:
    def test_typed(self, client: Client) -> None:
        """A list of one type has correct totals."""
        data = client.data("identity/get/", advertiser_id=DemoAdvertiser.EVERYTHING_READY, identity_type="TT_USER")
        assert data["page_info"] == {"page": 1, "page_size": 20, "total_number": 1, "total_page": 1}
        row = data["identity_list"][0]
        assert row["identity_type"] == "TT_USER"
        assert row["available_status"] == "AVAILABLE"
        assert row["is_gpppa"] is False
        assert "x-expires=" in row["profile_image"]

    def test_untyped(self, client: Client) -> None:
        """A list without a type is complete, but its totals are wrong."""
        data = client.data("identity/get/", DemoToken.AGENCY, advertiser_id=DemoAdvertiser.MANY_PAGES)
        assert len(data["identity_list"]) == 20
        assert data["page_info"]["total_page"] == 0

    def test_custom_row(self, client: Client) -> None:
        """A CUSTOMIZED_USER has null in the fields of TikTok accounts, and "" for the default avatar."""
        data = client.data(
            "identity/get/", advertiser_id=DemoAdvertiser.EVERYTHING_READY, identity_type="CUSTOMIZED_USER"
        )
        row = data["identity_list"][0]
        assert row["profile_image"] == ""
        nulls = {
            "available_status",
            "can_push_video",
            "can_pull_video",
            "can_use_live_ads",
            "can_manage_message",
        }
        assert nulls | {"identity_authorized_bc_id"} <= {key for key, value in row.items() if value is None}
        assert "image_uri" not in row

    def test_linked_by(self, client: Client) -> None:
        """Only a token of the user who linked a TT_USER sees it."""
        query = {"advertiser_id": DemoAdvertiser.LINKED_BY_OWNER, "identity_type": "TT_USER"}
        assert len(client.data("identity/get/", DemoToken.OWNER, **query)["identity_list"]) == 1
        assert client.data("identity/get/", DemoToken.MANAGER, **query)["identity_list"] == []

    def test_business_center_identity(self, client: Client) -> None:
        """BC_AUTH_TT requires the Business Center's id; the list without a type contains this id."""
        query: dict[str, str] = {"advertiser_id": DemoAdvertiser.BC_IDENTITY_ONLY}
        buyer = DemoToken.MEDIA_BUYER
        assert client.get("identity/get/", buyer, identity_type="BC_AUTH_TT", **query)["code"] == 40002
        row = client.data("identity/get/", buyer, **query)["identity_list"][0]
        query |= {"identity_type": "BC_AUTH_TT"}
        bc_id = row["identity_authorized_bc_id"]
        same = client.data("identity/get/", buyer, identity_authorized_bc_id=bc_id, **query)
        assert same["identity_list"][0]["identity_id"] == row["identity_id"]
        other = client.data("identity/get/", buyer, identity_authorized_bc_id=OWNER_CENTER, **query)
        assert other["identity_list"] == []
        query |= {"identity_id": row["identity_id"]}
        assert client.get("identity/info/", buyer, **query)["code"] == 40002
        assert client.data("identity/info/", buyer, identity_authorized_bc_id=bc_id, **query)

    def test_keyword(self, client: Client) -> None:
        """A keyword matches parts of names for CUSTOMIZED_USER and without a type; other types ignore it."""
        query: dict[str, str] = {
            "advertiser_id": DemoAdvertiser.EVERYTHING_READY,
            "filtering": json.dumps({"keyword": "demo BRAND"}),
        }
        custom = client.data("identity/get/", identity_type="CUSTOMIZED_USER", **query)["identity_list"]
        assert [row["display_name"] for row in custom] == ["Demo brand 1"]
        assert client.data("identity/get/", **query)["identity_list"] == custom
        assert len(client.data("identity/get/", identity_type="TT_USER", **query)["identity_list"]) == 1
        query["filtering"] = json.dumps({"keyword": "no such name"})
        assert client.data("identity/get/", **query)["identity_list"] == []

    def test_info(self, client: Client) -> None:
        """One identity has its picture in a field with another name; an unknown identity is 40002."""
        query = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY, "identity_type": "TT_USER"}
        identity_id = client.data("identity/get/", **query)["identity_list"][0]["identity_id"]
        info = client.data("identity/info/", identity_id=identity_id, **query)["identity_info"]
        assert info["identity_id"] == identity_id
        assert "profile_image_url" in info
        assert "profile_image" not in info
        assert client.get("identity/info/", identity_id="1", **query)["code"] == 40002
        assert client.get("identity/info/", **query)["code"] == 40002

    def test_create_is_not_idempotent(self, client: Client) -> None:
        """Two equal requests create two identities; the response has only the id; the newest is listed first."""
        body = {"advertiser_id": DemoAdvertiser.NOTHING, "display_name": "Acme"}
        first, second = (client.post("identity/create/", **body)["data"] for _ in range(2))
        assert set(first) == {"identity_id"}
        listed = client.data("identity/get/", DemoToken.MEDIA_BUYER, advertiser_id=DemoAdvertiser.NOTHING)[
            "identity_list"
        ]
        assert [row["identity_id"] for row in listed] == [second["identity_id"], first["identity_id"]]
        assert re.fullmatch(r"\d{19}", first["identity_id"])

    @pytest.mark.parametrize("name", ["A", "é" * 100])
    def test_create_name(self, client: Client, name: str) -> None:
        """Names of 1 to 100 characters are accepted, with any value of can_use_custom_identity."""
        answer = client.post("identity/create/", advertiser_id=DemoAdvertiser.CUSTOM_RESTRICTED, display_name=name)
        assert answer["code"] == 0

    @pytest.mark.parametrize(
        "body",
        [
            {"display_name": ""},
            {"display_name": "A" * 101},
            {"display_name": 5},
            {},
            {"display_name": "A", "image_uri": 5},
            {"display_name": "A", "advertiser_id": 7300000000000000002},
        ],
    )
    def test_create_refused(self, client: Client, body: dict[str, Any]) -> None:
        """A wrong name, image or advertiser id is 40002, and nothing is created."""
        answer = client.post("identity/create/", **{"advertiser_id": DemoAdvertiser.NOTHING, **body})
        assert answer["code"] == 40002
        assert client.simulator.world.advertisers[DemoAdvertiser.NOTHING].identities == []

    def test_create_image(self, client: Client) -> None:
        """An unknown image is accepted unless its name says that it is not square."""
        body = {"advertiser_id": DemoAdvertiser.NOTHING, "display_name": "A"}
        refused = client.post("identity/create/", image_uri="site/not-square-1", **body)
        assert (refused["code"], refused["message"]) == (40002, "Avatar's width & height is not equal.")
        assert client.post("identity/create/", image_uri="ad-site-i18n-sg/2026", **body)["code"] == 0
        row = client.data("identity/get/", DemoToken.MEDIA_BUYER, advertiser_id=DemoAdvertiser.NOTHING)[
            "identity_list"
        ][0]
        assert row["profile_image"].endswith("ad-site-i18n-sg/2026")

    @pytest.mark.parametrize("body", ["display_name=Acme", "", "[]", "\xff"])
    def test_create_not_json(self, simulator: Simulator, body: str) -> None:
        """A body that is not a JSON object is 40002."""
        response = requests.post(
            f"{simulator.base_url}/identity/create/",
            data=body.encode("latin-1"),
            headers=headers_of(DemoToken.MEDIA_BUYER),
            timeout=5,
        )
        assert response.json()["code"] == 40002

    def test_delete(self, client: Client) -> None:
        """A custom identity can be deleted once."""
        created = client.post("identity/create/", advertiser_id=DemoAdvertiser.NOTHING, display_name="Acme")["data"]
        body = {"advertiser_id": DemoAdvertiser.NOTHING, "identity_type": "CUSTOMIZED_USER", **created}
        assert client.post("identity/delete/", **body)["data"] == {}
        assert client.simulator.world.advertisers[DemoAdvertiser.NOTHING].identities == []
        assert client.post("identity/delete/", **body)["code"] == 40002

    def test_delete_tt_user(self, client: Client) -> None:
        """No other type can be deleted, not even with a false type in the request."""
        advertiser = client.simulator.world.advertisers[DemoAdvertiser.GPPPA]
        for identity_type in ("TT_USER", "CUSTOMIZED_USER"):
            answer = client.post(
                "identity/delete/",
                advertiser_id=advertiser.id,
                identity_id=advertiser.identities[0].id,
                identity_type=identity_type,
            )
            assert answer["code"] == 40002
        assert len(advertiser.identities) == 1


class TestPixels:
    def test_row(self, client: Client) -> None:
        """A pixel row has its activity, its ownership and its events."""
        row = client.data("pixel/list/", advertiser_id=DemoAdvertiser.EVERYTHING_READY)["pixels"][0]
        assert row["activity_status"] == "ACTIVE"
        assert row["asset_ownership"]["asset_relation_status"] is None
        assert row["events"][0]["event_type"] == "CompletePayment"
        assert row["create_time"].endswith("Z")

    def test_filters(self, client: Client) -> None:
        """Pixels can be filtered by id, name and code, and listed newest first."""
        query = {"advertiser_id": DemoAdvertiser.UNBOUND_PIXELS}
        pixels = client.data("pixel/list/", DemoToken.MEDIA_BUYER, **query)["pixels"]
        assert len(pixels) == 2
        newest = client.data("pixel/list/", DemoToken.MEDIA_BUYER, order_by="LATEST_CREATE", **query)["pixels"]
        assert newest == pixels[::-1]
        first = pixels[0]
        for filtering in ({"pixel_id": first["pixel_id"]}, {"name": "SHOP 1"}, {"code": first["pixel_code"]}):
            assert client.data("pixel/list/", DemoToken.MEDIA_BUYER, **filtering, **query)["pixels"] == [first]


class TestBusinessCenters:
    def test_visibility(self, client: Client) -> None:
        """Users see their own Business Centers: the owner one, the manager two, the freelancer none."""
        seen = {
            token: client.data("bc/get/", token)["list"]
            for token in (DemoToken.OWNER, DemoToken.MANAGER, DemoToken.FREELANCER)
        }
        assert [len(rows) for rows in seen.values()] == [1, 2, 0]
        row = seen[DemoToken.OWNER][0]
        assert row["bc_info"]["bc_id"] == OWNER_CENTER
        assert row["user_role"] == "ADMIN"
        assert "bc_id" not in row

    def test_filters(self, client: Client) -> None:
        """Business Centers can be filtered by id and keyword."""
        by_id = client.data("bc/get/", DemoToken.MANAGER, bc_id="7200000000000000003")["list"]
        by_word = client.data("bc/get/", DemoToken.MANAGER, filtering='{"keyword": "retail"}')["list"]
        assert [row["bc_info"]["name"] for row in by_id + by_word] == ["Northlight Retail"] * 2

    def test_catalogs(self, client: Client) -> None:
        """The manager's only catalog is in the second Business Center; catalogs can be filtered by id."""
        centers = [row["bc_info"]["bc_id"] for row in client.data("bc/get/", DemoToken.MANAGER)["list"]]
        lists = [client.data("catalog/get/", DemoToken.MANAGER, bc_id=bc_id)["list"] for bc_id in centers]
        assert [len(rows) for rows in lists] == [0, 1]
        assert lists[1][0]["ad_creation_eligible"] == "AVAILABLE"
        assert lists[1][0]["bc_info"]["bc_id"] == centers[1]
        query = {"bc_id": centers[1]}
        assert client.data("catalog/get/", DemoToken.MANAGER, catalog_id="1", **query)["list"] == []

    @pytest.mark.parametrize("bc_id", ["1", DemoAdvertiser.EVERYTHING_READY, "7200000000000000003"])
    def test_catalogs_of_a_wrong_center(self, client: Client, bc_id: str) -> None:
        """An unknown, wrong or invisible Business Center is a success with an empty list."""
        data = client.data("catalog/get/", bc_id=bc_id)
        assert data["list"] == []
        assert data["page_info"]["total_page"] == 0

    def test_catalogs_need_a_center(self, client: Client) -> None:
        """A request for catalogs without a Business Center is 40002."""
        assert client.get("catalog/get/", advertiser_id=DemoAdvertiser.EVERYTHING_READY)["code"] == 40002


class TestApps:
    def test_list(self, client: Client) -> None:
        """All apps are in one response; they can be filtered by platform id."""
        query = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}
        data = client.data("app/list/", **query)
        assert set(data) == {"apps"}
        assert [app["platform"] for app in data["apps"]] == ["ANDROID", "IOS"]
        wanted = json.dumps([data["apps"][1]["app_platform_id"]])
        assert client.data("app/list/", app_platform_ids=wanted, **query)["apps"] == data["apps"][1:]


class TestForms:
    def test_neither_id(self, client: Client) -> None:
        """A request without advertiser and library is 40002."""
        assert client.get("page/get/")["code"] == 40002

    def test_status(self, client: Client) -> None:
        """The status parameter filters; page_status is ignored."""
        query = {"advertiser_id": DemoAdvertiser.DRAFT_FORMS}
        buyer = DemoToken.MEDIA_BUYER
        assert len(client.data("page/get/", buyer, **query)["list"]) == 2
        assert len(client.data("page/get/", buyer, page_status="PUBLISHED", **query)["list"]) == 2
        assert client.data("page/get/", buyer, status="PUBLISHED", **query)["list"] == []

    def test_business_type(self, client: Client) -> None:
        """The default type is the lead form; business_types takes precedence over business_type."""
        query: dict[str, str] = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}
        assert len(client.data("page/get/", **query)["list"]) == 1
        query["business_type"] = "STORE_FRONT"
        assert client.data("page/get/", **query)["list"] == []
        assert len(client.data("page/get/", business_types='["LEAD_GEN"]', **query)["list"]) == 1

    def test_title(self, client: Client) -> None:
        """Forms can be filtered by a part of their title."""
        query = {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}
        assert len(client.data("page/get/", title="quote", **query)["list"]) == 1
        assert client.data("page/get/", title="survey", **query)["list"] == []

    def test_library(self, client: Client) -> None:
        """A library's forms are missing from the advertiser's list; a request with the library's id lists them."""
        manager, query = DemoToken.MANAGER, {"advertiser_id": DemoAdvertiser.LIBRARY_FORM}
        assert client.data("page/get/", manager, **query)["list"] == []
        libraries = client.data("page/library/get/", manager)["list"]
        (library,) = libraries
        assert set(library) == {"library_id", "library_name", "advertiser_id", "create_time", "update_time"}
        library_id = library["library_id"]
        for ignored in (query, {"advertiser_id": DemoAdvertiser.LINKED_BY_OWNER}, {"bc_id": "1"}):
            assert client.data("page/library/get/", manager, **ignored)["list"] == libraries
        assert client.data("page/library/get/", DemoToken.OWNER)["list"] == []
        form = client.data("page/get/", manager, library_id=library_id)["list"][0]
        assert (form["status"], form["transfer_status"]) == ("PUBLISHED", "TRANSFERRED")
        assert client.data("page/get/", DemoToken.OWNER, library_id=library_id)["list"] == []

    def test_terms(self, client: Client) -> None:
        """Lead terms are signed per advertiser."""
        signed = {
            member: client.data("term/check/", token, advertiser_id=member, term_type="LeadAds")["confirmed"]
            for member, token in (
                (DemoAdvertiser.EVERYTHING_READY, DemoToken.OWNER),
                (DemoAdvertiser.LEAD_TERMS_UNSIGNED, DemoToken.MEDIA_BUYER),
            )
        }
        assert list(signed.values()) == [True, False]
        other = client.data(
            "term/check/",
            DemoToken.MEDIA_BUYER,
            advertiser_id=DemoAdvertiser.LEAD_TERMS_UNSIGNED,
            term_type="Pixel",
        )
        assert other == {"confirmed": True}


class TestAdvertiserInfo:
    def ask(self, client: Client, member: str, *fields: str, token: str = DemoToken.OWNER) -> dict[str, Any]:
        query = {"fields": json.dumps(fields)} if fields else {}
        data = client.data("advertiser/info/", token, advertiser_ids=json.dumps([member]), **query)
        row: dict[str, Any] = data["list"][0]
        return row

    def test_default_fields(self, client: Client) -> None:
        """The default fields do not include the flags."""
        row = self.ask(client, DemoAdvertiser.SUSPENDED)
        assert row["status"] == "STATUS_DISABLE"
        assert isinstance(row["create_time"], int)
        assert not {"can_use_custom_identity", "ads_only_mode", "company_name_editable"} & set(row)

    def test_chosen_fields(self, client: Client) -> None:
        """The response has the requested fields only; the advertiser's id must be requested too."""
        for fields in ({"status"}, {"advertiser_id", "status"}):
            assert set(self.ask(client, DemoAdvertiser.SUSPENDED, *fields)) == fields

    @pytest.mark.parametrize("flag", ["can_use_custom_identity", "ads_only_mode", "company_name_editable"])
    def test_flags_suppress(self, client: Client, flag: str) -> None:
        """A flag suppresses all other requested fields except the advertiser's id."""
        row = self.ask(client, DemoAdvertiser.SUSPENDED, "name", flag, "status", "advertiser_id")
        assert set(row) == {"advertiser_id", flag}

    def test_custom_identity_flag(self, client: Client) -> None:
        """can_use_custom_identity is true, false or missing."""
        answers = [
            self.ask(client, member, "can_use_custom_identity", token=DemoToken.MEDIA_BUYER)
            for member in (
                DemoAdvertiser.CUSTOM_ALLOWED,
                DemoAdvertiser.CUSTOM_RESTRICTED,
                DemoAdvertiser.CUSTOM_UNCERTAIN,
            )
        ]
        assert [answer.get("can_use_custom_identity") for answer in answers] == [True, False, None]
        assert "can_use_custom_identity" not in answers[2]

    @pytest.mark.parametrize("field", ["advertiser_name", "nonsense"])
    def test_unknown_field(self, client: Client, field: str) -> None:
        """An unknown field is 40002; advertiser_name is unknown because the field is called name."""
        ids = json.dumps([DemoAdvertiser.EVERYTHING_READY])
        answer = client.get("advertiser/info/", advertiser_ids=ids, fields=json.dumps(["name", field]))
        assert answer["code"] == 40002
        assert field in answer["message"]

    @pytest.mark.parametrize("ids", [None, "[]", "7300000000000000001", '["x"]', "[7300000000000000001]"])
    def test_wrong_ids(self, client: Client, ids: str | None) -> None:
        """The ids must be a JSON list of strings of digits."""
        assert client.get("advertiser/info/", advertiser_ids=ids)["code"] == 40002

    def test_too_many_ids(self, client: Client) -> None:
        """More than a hundred ids are 40011."""
        ids = json.dumps([DemoAdvertiser.EVERYTHING_READY] * 101)
        assert client.get("advertiser/info/", advertiser_ids=ids)["code"] == 40011

    def test_one_foreign_id(self, client: Client) -> None:
        """One advertiser without access makes the whole request fail."""
        ids = json.dumps([DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.FOREIGN])
        assert client.get("advertiser/info/", advertiser_ids=ids)["code"] == 40001

    def test_owner_bc_id(self, client: Client) -> None:
        """Only an admin of the owning Business Center gets owner_bc_id."""
        assert self.ask(client, DemoAdvertiser.EVERYTHING_READY)["owner_bc_id"] == OWNER_CENTER
        narrow = self.ask(client, DemoAdvertiser.EVERYTHING_READY, token=DemoToken.NARROW_SCOPE)
        assert "owner_bc_id" not in narrow


class TestConnection:
    def test_advertisers(self, client: Client) -> None:
        """The token's advertisers are listed in its order, without pages and without deleted ones."""
        world = client.simulator.world
        data = client.data("oauth2/advertiser/get/", app_id=world.app_id, secret=world.app_secret)
        assert set(data) == {"list"}
        assert [row["advertiser_id"] for row in data["list"]] == [
            DemoAdvertiser.EVERYTHING_READY,
            DemoAdvertiser.SUSPENDED,
            DemoAdvertiser.LINKED_BY_OWNER,
        ]
        none = client.data("oauth2/advertiser/get/", DemoToken.NEWCOMER, app_id=world.app_id, secret=world.app_secret)
        assert none == {"list": []}

    @pytest.mark.parametrize(
        ("app_id", "secret", "code"),
        [("1", "simulated-app-secret", 40113), ("7000000000000000777", "no", 40101), (None, None, 40002)],
    )
    def test_wrong_app(self, client: Client, app_id: str | None, secret: str | None, code: int) -> None:
        """Another app's id, a wrong secret and missing credentials have different codes."""
        assert client.get("oauth2/advertiser/get/", app_id=app_id, secret=secret)["code"] == code

    def test_user(self, client: Client) -> None:
        """The token's user is described with a masked e-mail address."""
        data = client.data("user/info/", DemoToken.NEWCOMER)
        assert data["display_name"] == "u-newcomer"
        assert "***" in data["email"]
