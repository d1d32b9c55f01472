"""Reading and controlling the simulator over HTTP."""

from typing import Any

import pytest
import requests

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator


def control(simulator: Simulator, method: str, path: str, json: Any = None, **options: Any) -> requests.Response:
    return requests.request(method, f"{simulator.control_url}/{path}", json=json, timeout=5, **options)


def ask(simulator: Simulator, path: str, token: str = DemoToken.OWNER, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(
        f"{simulator.base_url}/{path}", params=query, headers={"Access-Token": token}, timeout=5
    ).json()
    return answer


def refusal(response: requests.Response) -> str:
    """Return why a control request was refused."""
    assert response.status_code == 400
    error: str = response.json()["error"]
    return error


def test_health(simulator: Simulator) -> None:
    """A running simulator reports that it is healthy."""
    assert control(simulator, "GET", "health").json() == {"status": "ok"}


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("PUT", "faults"), ("GET", "tokens/revoke")])
def test_unknown(simulator: Simulator, method: str, path: str) -> None:
    """An unknown control request is 404, in JSON."""
    response = control(simulator, method, path)
    assert response.status_code == 404
    assert path in response.json()["error"]


class TestRequests:
    def test_journal(self, simulator: Simulator) -> None:
        """Every TikTok request is recorded with its outcome; control requests are not."""
        answer = ask(simulator, "pixel/list/", advertiser_id=DemoAdvertiser.EVERYTHING_READY)
        ask(simulator, "bc/get/", token="nobody")
        control(simulator, "GET", "health")
        first, second = control(simulator, "GET", "requests").json()["requests"]
        assert first["method"] == "GET"
        assert first["path"] == "pixel/list/"
        assert first["query"] == {"advertiser_id": DemoAdvertiser.EVERYTHING_READY}
        assert (first["status"], first["code"], first["request_id"]) == (200, 0, answer["request_id"])
        assert first["fault"] is None
        assert first["time"].startswith("20")
        assert second["code"] == 40105
        assert len(simulator.requests.to("bc/get/")) == 1
        assert simulator.requests[0].path == "pixel/list/"

    def test_pages_of_html(self, simulator: Simulator) -> None:
        """A request to an unknown path is recorded with its HTTP status and no code."""
        requests.get(f"{simulator.base_url}/pixel/list", timeout=5)
        record = simulator.requests[0]
        assert (record.path, record.status, record.code) == ("pixel/list", 404, None)

    def test_secrets(self, simulator: Simulator) -> None:
        """The journal contains no token and no app secret; the same token always has the same fingerprint."""
        for _ in range(2):
            ask(simulator, "oauth2/advertiser/get/", app_id="1", secret="app-secret-value")
        response = control(simulator, "GET", "requests")
        assert DemoToken.OWNER not in response.text
        assert "app-secret-value" not in response.text
        prints = {record["token_fingerprint"] for record in response.json()["requests"]}
        assert [len(value) for value in prints] == [12]

    def test_body(self, simulator: Simulator) -> None:
        """A body is recorded as JSON if it is JSON, otherwise as text."""
        for body in (b'{"a": 1}', b"a=1", b""):
            requests.post(f"{simulator.base_url}/identity/create/", data=body, timeout=5)
        assert [record.body for record in simulator.requests] == [{"a": 1}, "a=1", None]

    def test_delete(self, simulator: Simulator) -> None:
        """A control request deletes all records."""
        ask(simulator, "user/info/")
        assert len(simulator.requests) == 1
        assert control(simulator, "DELETE", "requests").status_code == 200
        assert len(simulator.requests) == 0


class TestFaults:
    def test_switch(self, simulator: Simulator) -> None:
        """A fault can be activated, listed and deactivated."""
        fault = {"path": "user/info/", "kind": "code", "code": 50000}
        assert control(simulator, "POST", "faults", fault).json() == {"fault": fault}
        assert ask(simulator, "user/info/")["code"] == 50000
        shown = control(simulator, "GET", "faults").json()
        assert shown["faults"] == [fault]
        assert "hang" in shown["kinds"]
        control(simulator, "DELETE", "faults")
        assert ask(simulator, "user/info/")["code"] == 0

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ({"path": "user/info/", "kind": "nope"}, "kind: Input should be 'code'"),
            ({"path": "user/info/", "kind": "code"}, "needs code"),
            ({}, "path: Field required; kind: Field required"),
            ([], "Input should be an object"),
            (None, "Invalid JSON"),
        ],
    )
    def test_refused(self, simulator: Simulator, fault: Any, message: str) -> None:
        """An invalid fault is refused with the reason, and nothing is activated."""
        assert message in refusal(control(simulator, "POST", "faults", fault))
        assert len(simulator.faults) == 0


class TestWorld:
    def test_advertisers(self, simulator: Simulator) -> None:
        """The demo advertisers are listed by name, with id, description and the users who have access."""
        rows = control(simulator, "GET", "advertisers").json()["advertisers"]
        assert [row["name"] for row in rows] == [member.name for member in DemoAdvertiser]
        assert rows[0] == {
            "advertiser_id": DemoAdvertiser.EVERYTHING_READY,
            "name": "EVERYTHING_READY",
            "description": DemoAdvertiser.EVERYTHING_READY.description,
            "users": ["u-owner", "u-narrow", "u-revoked"],
        }

    def test_identities(self, simulator: Simulator) -> None:
        """All identities of an advertiser are counted, also those that only some users see."""
        data = control(simulator, "GET", f"identities?advertiser_id={DemoAdvertiser.LINKED_BY_OWNER}").json()
        assert data["count"] == 2
        assert [row["identity_type"] for row in data["identities"]] == ["CUSTOMIZED_USER", "TT_USER"]
        assert "no advertiser" in refusal(control(simulator, "GET", "identities"))

    def test_patch(self, simulator: Simulator) -> None:
        """An advertiser can be changed until the next reset."""
        advertiser_id = DemoAdvertiser.EVERYTHING_READY
        new_pixel = {"id": "1", "name": "New", "relation_status": "UNBOUND", "events": ["Pageview"]}
        changes: dict[str, Any] = {
            "pixels": [new_pixel],
            "identities": [],
            "status": "STATUS_LIMIT",
            "owner_bc_id": None,
        }
        changes["can_use_custom_identity"] = False
        answer = control(simulator, "PATCH", f"advertisers/{advertiser_id}", changes).json()
        assert answer == {"advertiser_id": advertiser_id, "changed": sorted(changes)}
        pixel = ask(simulator, "pixel/list/", advertiser_id=advertiser_id)["data"]["pixels"][0]
        assert pixel["asset_ownership"]["asset_relation_status"] == "UNBOUND"
        assert pixel["events"][0]["optimization_event"] is None
        info = ask(simulator, "advertiser/info/", advertiser_ids=f'["{advertiser_id}"]')["data"]["list"][0]
        assert info["status"] == "STATUS_LIMIT"
        assert ask(simulator, "identity/get/", advertiser_id=advertiser_id)["data"]["identity_list"] == []
        control(simulator, "POST", "reset")
        pixel = ask(simulator, "pixel/list/", advertiser_id=advertiser_id)["data"]["pixels"][0]
        assert pixel["asset_ownership"]["asset_relation_status"] is None
        assert len(ask(simulator, "identity/get/", advertiser_id=advertiser_id)["data"]["identity_list"]) == 2

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"id": "1"}, "id: Extra inputs are not permitted"),
            ({"pixels": {}}, "pixels: Input should be a valid array"),
            ({"pixels": ["x"]}, "pixels.0: Input should be an object"),
            ({"pixels": [{"id": "1"}]}, "pixels.0.name: Field required"),
            ({"pixels": [{"id": "1", "name": "n", "colour": "red"}]}, "pixels.0.colour: Unexpected keyword argument"),
            ({"pixels": [{"id": 1, "name": "n"}]}, "pixels.0.id: Input should be a valid string"),
            ({"pixels": [{"id": "1", "name": "n", "events": "x"}]}, "pixels.0.events: Input should be a valid array"),
            ({"status": None}, "status: Input should be a valid string"),
            ({"can_use_custom_identity": "no"}, "can_use_custom_identity: Input should be a valid boolean"),
            ([], "Input should be an object"),
        ],
    )
    def test_patch_refused(self, simulator: Simulator, changes: Any, message: str) -> None:
        """An invalid change is refused with the reason, and nothing is changed."""
        advertiser_id = DemoAdvertiser.EVERYTHING_READY
        before = simulator.world.copy()
        assert message in refusal(control(simulator, "PATCH", f"advertisers/{advertiser_id}", changes))
        assert simulator.world == before
        assert "no advertiser '1'" in refusal(control(simulator, "PATCH", "advertisers/1", {}))

    def test_revoke(self, simulator: Simulator) -> None:
        """A token can be revoked until the next reset."""
        assert control(simulator, "POST", "tokens/revoke", {"token": DemoToken.OWNER}).status_code == 200
        assert ask(simulator, "user/info/")["code"] == 40105
        control(simulator, "POST", "reset")
        assert ask(simulator, "user/info/")["code"] == 0

    @pytest.mark.parametrize(
        ("body", "message"), [({}, "token: Field required"), ({"token": "nobody"}, "no such token")]
    )
    def test_revoke_refused(self, simulator: Simulator, body: Any, message: str) -> None:
        """Only an existing token can be revoked."""
        assert message in refusal(control(simulator, "POST", "tokens/revoke", body))

    def test_reset(self, simulator: Simulator) -> None:
        """A reset restores the world, deactivates every fault and deletes all records."""
        control(simulator, "POST", "faults", {"path": "*", "kind": "data_null", "times": 1})
        ask(simulator, "user/info/")
        requests.post(
            f"{simulator.base_url}/identity/create/",
            json={"advertiser_id": DemoAdvertiser.NOTHING, "display_name": "A"},
            headers={"Access-Token": DemoToken.MEDIA_BUYER},
            timeout=5,
        )
        assert len(simulator.world.advertisers[DemoAdvertiser.NOTHING].identities) == 1
        assert control(simulator, "POST", "reset").status_code == 200
        assert simulator.world.advertisers[DemoAdvertiser.NOTHING].identities == []
        assert (len(simulator.faults), len(simulator.requests)) == (0, 0)


class TestPublishing:
    def test_clock(self, simulator: Simulator) -> None:
        """TikTok's clock stands where it was stopped until the next reset; a time without a zone is refused."""
        at = "2027-01-01T00:00:00+00:00"
        assert control(simulator, "POST", "clock", {"at": "2027-01-01T01:00:00+01:00"}).json() == {"at": at}
        assert control(simulator, "GET", "clock").json() == {"at": at}
        assert "at" in refusal(control(simulator, "POST", "clock", {"at": "2027-01-01T00:00:00"}))
        control(simulator, "POST", "reset")
        assert control(simulator, "GET", "clock").json() != {"at": at}

    def test_clock_decides(self, simulator: Simulator) -> None:
        """A stopped clock decides which dated rules hold; the journal names them, the first one first."""
        body = {
            "advertiser_id": DemoAdvertiser.SUSPENDED,
            "campaign_name": "A",
            "objective_type": "WEB_CONVERSIONS",
        }
        headers = {"Access-Token": DemoToken.OWNER}
        for at, causes in (
            ("2026-12-31T23:59:59Z", ["account_not_enabled"]),
            ("2027-01-01T00:00:00Z", ["account_not_enabled", "manual_campaigns_ended"]),
        ):
            control(simulator, "POST", "clock", {"at": at})
            answer = requests.post(f"{simulator.base_url}/campaign/create/", json=body, headers=headers, timeout=5)
            assert answer.json()["message"] == "The advertiser account is not enabled: STATUS_DISABLE."
            assert control(simulator, "GET", "requests").json()["requests"][-1]["causes"] == causes

    def test_rules(self, simulator: Simulator) -> None:
        """Every rule is listed with its source; those that nothing settles hold only if a test says so."""

        def held() -> dict[str, bool]:
            rules = control(simulator, "GET", "publishing-rules").json()["rules"]
            assert all(rule["source"] and rule["sentence"] for rule in rules)
            return {rule["cause"]: rule["holds"] for rule in rules}

        before = held()
        assert (before["gmv_max_only"], before["account_in_review"]) == (True, False)
        control(simulator, "POST", "publishing-rules", {"unsettled": ["account_in_review"]})
        assert held() == before | {"account_in_review": True}
        assert "unsettled" in refusal(control(simulator, "POST", "publishing-rules", {"unsettled": ["nothing"]}))
        control(simulator, "POST", "reset")
        assert held() == before

    def test_facts(self, simulator: Simulator) -> None:
        """What decides a publication can be changed in an advertiser."""
        changes = {
            "user_roles": {"u-owner": "ANALYST"},
            "countries": ["IT"],
            "verification_status": "EXPIRED",
            "created_at": 1_700_000_000,
            "smart_plus_allowed": False,
            "stores": [{"id": "1", "authorized_bc_id": "2"}],
        }
        path = f"advertisers/{DemoAdvertiser.EVERYTHING_READY}"
        assert control(simulator, "PATCH", path, changes).json()["changed"] == sorted(changes)
        advertiser = simulator.world.advertisers[DemoAdvertiser.EVERYTHING_READY]
        assert advertiser.user_roles == {"u-owner": "ANALYST"}
        assert (advertiser.countries, advertiser.smart_plus_allowed) == (("IT",), False)
        assert [store.gmv_max_available for store in advertiser.stores] == [True]
        row = ask(simulator, "advertiser/info/", advertiser_ids=f'["{advertiser.id}"]')["data"]["list"][0]
        assert row["create_time"] == 1_700_000_000


class TestBrowser:
    def test_own_page(self, simulator: Simulator) -> None:
        """A page of this machine may read the responses, and its preflight requests succeed."""
        origin = {"Origin": "http://localhost:3000"}
        for method in ("GET", "OPTIONS"):
            response = control(simulator, method, "faults", headers=origin)
            assert response.ok
            assert response.headers["Access-Control-Allow-Origin"] == origin["Origin"]
            assert "PATCH" in response.headers["Access-Control-Allow-Methods"]

    def test_other_page(self, simulator: Simulator) -> None:
        """A page of another host may not read the responses."""
        response = control(simulator, "GET", "faults", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in response.headers
