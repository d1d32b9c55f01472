"""Every kind of fault has its effect on the requests that it is meant for; invalid faults are refused."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from pydantic import ValidationError

from local.tiktok_simulator import (
    FAULT_KINDS,
    DemoAdvertiser,
    DemoToken,
    Fault,
    FaultKind,
    Simulator,
)
from local.tiktok_simulator.journal import fingerprint

READY = DemoAdvertiser.EVERYTHING_READY


def fault(simulator: Simulator, kind: FaultKind, path: str = "pixel/list/", **values: Any) -> Fault:
    return simulator.faults.add(Fault(path=path, kind=kind, **values))


def get(
    simulator: Simulator,
    path: str = "pixel/list/",
    token: str = DemoToken.OWNER,
    advertiser_id: str = READY,
    **query: Any,
) -> requests.Response:
    return requests.get(
        f"{simulator.base_url}/{path}",
        params={"advertiser_id": advertiser_id, **query},
        headers={"Access-Token": token},
        timeout=5,
    )


def create(simulator: Simulator, timeout: float = 5) -> requests.Response:
    return requests.post(
        f"{simulator.base_url}/identity/create/",
        json={"advertiser_id": DemoAdvertiser.NOTHING, "display_name": "Acme"},
        headers={"Access-Token": DemoToken.MEDIA_BUYER},
        timeout=timeout,
    )


def created(simulator: Simulator) -> int:
    return len(simulator.world.advertisers[DemoAdvertiser.NOTHING].identities)


def from_json(values: dict[str, Any]) -> Fault:
    return Fault.model_validate_json(json.dumps(values))


class TestRequests:
    def test_path(self, simulator: Simulator) -> None:
        """A fault affects only its endpoint; a fault with * affects all."""
        fault(simulator, FaultKind.CODE, code=50000)
        assert get(simulator).json()["code"] == 50000
        assert get(simulator, "app/list/").json()["code"] == 0
        fault(simulator, FaultKind.CODE, path="*", code=60001)
        assert get(simulator, "app/list/").json()["code"] == 60001

    def test_token(self, simulator: Simulator) -> None:
        """A fault can affect one token only."""
        fault(simulator, FaultKind.CODE, path="app/list/", code=50000, token=DemoToken.NARROW_SCOPE)
        assert get(simulator, "app/list/").json()["code"] == 0
        assert get(simulator, "app/list/", DemoToken.NARROW_SCOPE).json()["code"] == 50000

    def test_advertiser(self, simulator: Simulator) -> None:
        """A fault can affect one advertiser only: in a query, in a list of ids and in a body."""
        fault(simulator, FaultKind.CODE, path="*", code=50000, advertiser_id=READY)
        fault(simulator, FaultKind.CODE, path="*", code=50002, advertiser_id=DemoAdvertiser.NOTHING)
        assert get(simulator, advertiser_id=DemoAdvertiser.SUSPENDED).json()["code"] == 0
        assert get(simulator).json()["code"] == 50000
        ids = f'["{DemoAdvertiser.SUSPENDED}", "{READY}"]'
        info = get(simulator, "advertiser/info/", advertiser_id="", advertiser_ids=ids)
        assert info.json()["code"] == 50000
        assert create(simulator).json()["code"] == 50002

    def test_first_wins(self, simulator: Simulator) -> None:
        """Of two faults, the one that was activated first is used first."""
        fault(simulator, FaultKind.CODE, code=50000, times=1)
        fault(simulator, FaultKind.CODE, code=50002, times=1)
        assert [get(simulator).json()["code"] for _ in range(3)] == [50000, 50002, 0]


class TestCounts:
    def test_times(self, simulator: Simulator) -> None:
        """A fault affects `times` requests."""
        fault(simulator, FaultKind.CODE, code=50000, times=2)
        assert [get(simulator).json()["code"] for _ in range(4)] == [50000, 50000, 0, 0]

    def test_skip(self, simulator: Simulator) -> None:
        """A fault does not affect the first `skip` requests."""
        fault(simulator, FaultKind.CODE, code=50000, skip=2, times=1)
        assert [get(simulator).json()["code"] for _ in range(4)] == [0, 0, 50000, 0]

    def test_always(self, simulator: Simulator) -> None:
        """A fault without times affects all requests until it is deactivated."""
        fault(simulator, FaultKind.CODE, code=50000)
        assert {get(simulator).json()["code"] for _ in range(5)} == {50000}
        simulator.faults.clear()
        assert get(simulator).json()["code"] == 0

    def test_times_among_threads(self, simulator: Simulator) -> None:
        """Parallel requests are counted correctly."""
        fault(simulator, FaultKind.CODE, code=50000, times=3)
        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(lambda _: get(simulator).json()["code"], range(16)))
        assert codes.count(50000) == 3


class TestKinds:
    def test_code(self, simulator: Simulator) -> None:
        """A code is HTTP 200 with its message and empty data."""
        fault(simulator, FaultKind.CODE, code=40133, message="QPS 10")
        response = get(simulator)
        assert response.status_code == 200
        answer = response.json()
        assert (answer["code"], answer["message"], answer["data"]) == (40133, "QPS 10", {})
        assert answer["request_id"]

    @pytest.mark.parametrize("status", [429, 500, 502, 504])
    def test_http_status(self, simulator: Simulator, status: int) -> None:
        """An HTTP status has an HTML page as its body."""
        fault(simulator, FaultKind.HTTP_STATUS, status=status)
        response = get(simulator)
        assert response.status_code == status
        assert response.text.startswith("<html>")

    def test_hang(self, simulator: Simulator) -> None:
        """A hanging request gets no response; then the connection closes."""
        fault(simulator, FaultKind.HANG, seconds=0.1)
        start = time.monotonic()
        with pytest.raises(requests.ConnectionError):
            get(simulator)
        assert time.monotonic() - start >= 0.1

    def test_hang_hits_a_timeout(self, simulator: Simulator) -> None:
        """A request that hangs longer than the client's timeout raises the client's timeout error."""
        fault(simulator, FaultKind.HANG, path="identity/create/", seconds=5)
        with pytest.raises(requests.ReadTimeout):
            create(simulator, timeout=0.05)

    def test_latency(self, simulator: Simulator) -> None:
        """The correct response arrives `seconds` later."""
        fault(simulator, FaultKind.LATENCY, seconds=0.1)
        start = time.monotonic()
        assert get(simulator).json()["code"] == 0
        assert time.monotonic() - start >= 0.1

    def test_slow_drip(self, simulator: Simulator) -> None:
        """Headers arrive immediately, the body in small pieces: each read is short, the total is long."""
        fault(simulator, FaultKind.SLOW_DRIP, seconds=2.0)
        start = time.monotonic()
        response = requests.get(
            f"{simulator.base_url}/pixel/list/",
            params={"advertiser_id": READY},
            headers={"Access-Token": DemoToken.OWNER},
            stream=True,
            timeout=1.5,
        )
        assert time.monotonic() - start < 1.5
        assert response.json()["code"] == 0
        assert time.monotonic() - start >= 2.0

    @pytest.mark.parametrize(("kind", "count"), [(FaultKind.RESET_BEFORE, 0), (FaultKind.RESET_AFTER, 1)])
    def test_reset(self, simulator: Simulator, kind: FaultKind, count: int) -> None:
        """A reset is a real RST; the kind decides whether the write was applied."""
        fault(simulator, kind, path="identity/create/", times=1)
        with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
            create(simulator)
        assert created(simulator) == count
        assert create(simulator).json()["code"] == 0

    @pytest.mark.parametrize(
        "values",
        [
            {"kind": FaultKind.CODE, "code": 50000},
            {"kind": FaultKind.HTTP_STATUS, "status": 502},
            {"kind": FaultKind.HANG, "seconds": 0.01},
        ],
        ids=lambda values: values["kind"],
    )
    @pytest.mark.parametrize("applied", [False, True])
    def test_applied(self, simulator: Simulator, values: dict[str, Any], *, applied: bool) -> None:
        """An error response is possible although the write was applied."""
        fault(simulator, path="identity/create/", applied=applied, **values)
        if values["kind"] is FaultKind.HANG:
            with pytest.raises(requests.ConnectionError):
                create(simulator)
        else:
            create(simulator)
        assert created(simulator) == (1 if applied else 0)

    def test_short_body(self, simulator: Simulator) -> None:
        """The connection closes before Content-Length is reached."""
        fault(simulator, FaultKind.SHORT_BODY)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            get(simulator)

    def test_truncated_json(self, simulator: Simulator) -> None:
        """The HTTP response is complete, its JSON is not."""
        fault(simulator, FaultKind.TRUNCATED_JSON)
        response = get(simulator)
        assert response.headers["Content-Type"] == "application/json"
        with pytest.raises(requests.JSONDecodeError):
            response.json()

    def test_non_json(self, simulator: Simulator) -> None:
        """HTTP 200 can have an HTML page as its body."""
        fault(simulator, FaultKind.NON_JSON)
        response = get(simulator)
        assert response.status_code == 200
        assert response.text.startswith("<html>")

    def test_wrong_top_level(self, simulator: Simulator) -> None:
        """The top level is a list."""
        fault(simulator, FaultKind.WRONG_TOP_LEVEL)
        assert [answer["code"] for answer in get(simulator).json()] == [0]

    def test_data_null(self, simulator: Simulator) -> None:
        """A success has no data."""
        fault(simulator, FaultKind.DATA_NULL)
        answer = get(simulator).json()
        assert (answer["code"], answer["data"]) == (0, None)

    @pytest.mark.parametrize("key", ["pixels", "pixel_id"])
    def test_missing_key(self, simulator: Simulator, key: str) -> None:
        """A key is missing from data or from its rows; all other keys remain."""
        fault(simulator, FaultKind.MISSING_KEY, key=key)
        response = get(simulator)
        assert f'"{key}"' not in response.text
        assert "page_info" in response.json()["data"]

    def test_wrong_type(self, simulator: Simulator) -> None:
        """A key of data, or of its rows, has a value of another type."""
        fault(simulator, FaultKind.WRONG_TYPE, key="pixels", times=1)
        fault(simulator, FaultKind.WRONG_TYPE, key="pixel_id", value=None)
        assert get(simulator).json()["data"]["pixels"] == "unexpected"
        assert [pixel["pixel_id"] for pixel in get(simulator).json()["data"]["pixels"]] == [None]

    def test_huge_list(self, simulator: Simulator) -> None:
        """The rows are repeated, regardless of the page size."""
        fault(simulator, FaultKind.HUGE_LIST, repeat=500)
        assert len(get(simulator, page_size=1).json()["data"]["pixels"]) == 500

    def test_duplicate_pages(self, simulator: Simulator) -> None:
        """Every page has the rows of the first."""
        fault(simulator, FaultKind.DUPLICATE_PAGES)
        query = {"token": DemoToken.AGENCY, "advertiser_id": DemoAdvertiser.MANY_PAGES}
        pages = [get(simulator, page=page, **query).json()["data"] for page in (1, 2, 3)]
        assert pages[0]["page_info"]["total_page"] == 5
        assert pages[0]["pixels"] == pages[1]["pixels"] == pages[2]["pixels"]

    @pytest.mark.parametrize(("step", "totals"), [(1, [2, 3, 4]), (-1, [0, 0, 0])])
    def test_changing_totals(self, simulator: Simulator, step: int, totals: list[int]) -> None:
        """The totals grow or shrink with every response, but never below 0."""
        fault(simulator, FaultKind.CHANGING_TOTALS, step=step)
        infos = [get(simulator).json()["data"]["page_info"] for _ in totals]
        assert [info["total_page"] for info in infos] == totals
        assert [info["total_number"] for info in infos] == totals

    @pytest.mark.parametrize("identity_type", ["CUSTOMIZED_USER", None])
    def test_cursor(self, simulator: Simulator, identity_type: str | None) -> None:
        """A cursor and has_more replace page_info and lead through all pages."""
        fault(simulator, FaultKind.CURSOR)
        fault(simulator, FaultKind.CURSOR, path="identity/get/")
        query: dict[str, Any] = {"identity_type": identity_type, "page_size": 100}
        seen, more = [], True
        while more:
            data = get(simulator, "identity/get/", DemoToken.AGENCY, DemoAdvertiser.MANY_PAGES, **query).json()["data"]
            assert "page_info" not in data
            seen += [row["identity_id"] for row in data["identity_list"]]
            query["cursor"], more = data["cursor"], data["has_more"]
        assert len(seen) == len(set(seen)) == (130 if identity_type else 241)

    @pytest.mark.parametrize("kind", FaultKind)
    def test_on_refused_requests(self, simulator: Simulator, kind: FaultKind) -> None:
        """No kind of fault breaks the simulator on a refused request or on a response without pages."""
        values = {"code": 50000, "status": 500, "seconds": 0.01, "key": "x", "repeat": 2}
        needed = {name: values[name] for name in FAULT_KINDS[kind].required}
        fault(simulator, kind, path="*", times=2, **needed)
        for path, token in (("user/info/", "unknown"), ("user/info/", DemoToken.OWNER)):
            try:
                assert get(simulator, path, token).status_code in {200, 500}
            except requests.RequestException:
                assert kind in {
                    FaultKind.HANG,
                    FaultKind.RESET_AFTER,
                    FaultKind.RESET_BEFORE,
                    FaultKind.SHORT_BODY,
                }
        assert get(simulator).json()["code"] == 0
        assert [request.fault for request in simulator.requests] == [kind, kind, None]


class TestRefused:
    @pytest.mark.parametrize(
        ("values", "name", "message"),
        [
            ({"path": "nope/", "kind": "code", "code": 1}, "path", "not an endpoint; use * or one of advertiser/info/"),
            ({"path": "*", "kind": "nope"}, "kind", "Input should be 'code'"),
            ({"path": "*", "kind": ["code"]}, "kind", "Input should be 'code'"),
            ({"path": "*"}, "kind", "Field required"),
            ({"path": "*", "kind": "code"}, "", "a code fault needs code"),
            ({"path": "*", "kind": "code", "code": "50000"}, "code", "valid integer"),
            ({"path": "*", "kind": "code", "code": True}, "code", "valid integer"),
            ({"path": "*", "kind": "code", "code": 0}, "code", "greater than or equal to 1"),
            ({"path": "*", "kind": "code", "code": 1, "message": 5}, "message", "valid string"),
            ({"path": "*", "kind": "code", "code": 1, "applied": 1}, "applied", "valid boolean"),
            ({"path": "*", "kind": "code", "code": 1, "token": 5}, "token", "valid string"),
            ({"path": "*", "kind": "http_status", "status": 200}, "status", "greater than or equal to 400"),
            ({"path": "*", "kind": "hang", "seconds": -1}, "seconds", "greater than or equal to 0"),
            ({"path": "*", "kind": "hang", "seconds": float("nan")}, "seconds", "finite number"),
            ({"path": "*", "kind": "data_null", "seconds": 1}, "", "a data_null fault takes no seconds"),
            ({"path": "*", "kind": "data_null", "times": 0}, "times", "greater than or equal to 1"),
            ({"path": "*", "kind": "data_null", "skip": -1}, "skip", "greater than or equal to 0"),
            ({"path": "*", "kind": "data_null", "skip": None}, "skip", "valid integer"),
            ({"path": "*", "kind": "data_null", "often": 1}, "often", "Extra inputs are not permitted"),
        ],
    )
    def test_refused(self, values: dict[str, Any], name: str, message: str) -> None:
        """An invalid fault is refused with the name of the wrong value and the reason."""
        for read in (Fault.model_validate, from_json):
            with pytest.raises(ValidationError) as refused:
                read(values)
            (error,) = refused.value.errors()
            assert ".".join(map(str, error["loc"])) == name
            assert message in error["msg"]

    def test_every_kind_is_described(self) -> None:
        """The table of kinds has every kind."""
        assert set(FAULT_KINDS) == set(FaultKind)

    def test_token_is_not_shown(self) -> None:
        """A fault for one token contains the token neither in its repr nor in its JSON."""
        made = Fault(path="*", kind=FaultKind.DATA_NULL, token=DemoToken.OWNER)
        assert DemoToken.OWNER not in repr(made)
        assert made.to_json() == {"path": "*", "kind": "data_null", "token": fingerprint(DemoToken.OWNER)}

    def test_token_is_not_in_a_refusal(self) -> None:
        """The error of an invalid fault does not contain the fault's token."""
        with pytest.raises(ValidationError) as refused:
            Fault(path="*", kind=FaultKind.CODE, token=DemoToken.OWNER)
        assert DemoToken.OWNER not in str(refused.value)
