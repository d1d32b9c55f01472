"""Creating a custom identity: exactly one at TikTok for each request, whatever fails meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from local.tiktok_simulator.world import Identity
from publishing.http.request_context import Principal
from publishing.identities.idempotency import LEASE, IdempotencyRecord, IdempotencyState
from publishing.repositories.json_api import AwsError
from tests.support.in_memory_repositories import InMemoryIdempotency, secret_id_of
from tests.support.invocations import Ask
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
CREATE = "identity/create/"
NEW = {"advertiser_id": READY, "display_name": "Acme"}
SHORT = 3.3
"""Remaining time of the Lambda that leaves a create a third of a second before the lookup of its outcome."""


def named(tiktok: Simulator, name: str = "Acme", advertiser_id: str = READY) -> list[str]:
    """Return the ids of TikTok's identities of that name."""
    return [one.id for one in tiktok.world.advertisers[advertiser_id].identities if one.display_name == name]


def add_fault(tiktok: Simulator, kind: FaultKind, path: str = CREATE, times: int | None = 1, **values: Any) -> None:
    tiktok.faults.add(Fault(path=path, kind=kind, times=times, **values))


def test_an_identity_is_created(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 201 with every field of the contract, and TikTok has exactly one identity."""
    response = ask(demo, "create", **NEW)
    (identity_id,) = named(tiktok)
    assert response.status == 201
    assert response.json == {
        "identity_id": identity_id,
        "identity_type": "CUSTOMIZED_USER",
        "display_name": "Acme",
        "image": None,
        "advertiser_id": READY,
        "display_name_truncated": False,
        "warnings": [],
    }


def test_a_long_name_is_truncated_and_flagged(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok gets at most 40 code points, stripped and in NFC, and the response says that the name was cut."""
    response = ask(demo, "create", advertiser_id=READY, display_name="  Cafe\u0301 " + "x" * 60)
    assert (response.status, response.json["display_name_truncated"]) == (201, True)
    assert response.json["display_name"] == "Café " + "x" * 35
    assert len(named(tiktok, "Café " + "x" * 35)) == 1


def test_the_image_is_sent_to_tiktok(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The image is sent as the id that the upload API returned; an empty one is not sent."""
    assert ask(demo, "create", **NEW, image_uri="ad-site/abc").status == 201
    assert ask(demo, "create", advertiser_id=READY, display_name="Plain", image_uri="").status == 201
    assert [one.body for one in tiktok.requests.to(CREATE)] == [
        {"advertiser_id": READY, "display_name": "Acme", "image_uri": "ad-site/abc"},
        {"advertiser_id": READY, "display_name": "Plain"},
    ]


@pytest.mark.parametrize(
    ("advertiser", "codes"),
    [
        (DemoAdvertiser.CUSTOM_RESTRICTED, ["custom_identity_restricted"]),
        (DemoAdvertiser.CUSTOM_ALLOWED, []),
        (DemoAdvertiser.CUSTOM_UNCERTAIN, []),
    ],
)
def test_a_restricted_custom_identity_gets_a_warning(
    demo: Product, ask: Ask, advertiser: str, codes: list[str]
) -> None:
    """The identity is created anyway; the warning says that TikTok restricts it."""
    response = ask(demo, "create", "u-buyer", advertiser_id=advertiser, display_name="Acme")
    assert (response.status, [one["code"] for one in response.json["warnings"]]) == (201, codes)


def test_an_unreadable_flag_does_not_prevent_creation(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Without the flag the identity is created without a warning."""
    add_fault(tiktok, FaultKind.HTTP_STATUS, "advertiser/info/", None, status=500)
    assert ask(demo, "create", **NEW).json["warnings"] == []


@pytest.mark.parametrize("key", [None, "k-1"])
def test_a_duplicate_replays_the_first_response(tiktok: Simulator, demo: Product, ask: Ask, key: str | None) -> None:
    """A duplicate, with or without a key, gets the same status and body; another Unicode form is the same name."""
    first = ask(demo, "create", advertiser_id=READY, display_name="Café", key=key)
    again = ask(demo, "create", advertiser_id=READY, display_name=" Cafe\u0301", key=key)
    assert (again.status, again.json) == (201, first.json)
    assert len(tiktok.requests.to(CREATE)) == 1


def test_a_key_reused_with_another_body_is_rejected(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 422 idempotency_key_reused, and nothing is created."""
    assert ask(demo, "create", **NEW, key="k-1").status == 201
    for changed in ({"display_name": "Other"}, {"advertiser_id": DemoAdvertiser.SUSPENDED}, {"image_uri": "x"}):
        response = ask(demo, "create", **{**NEW, **changed}, key="k-1")
        assert (response.status, response.json["code"]) == (422, "idempotency_key_reused")
    assert len(tiktok.requests.to(CREATE)) == 1


def test_two_keys_create_two_identities(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The same body with two keys creates two identities."""
    ids = {ask(demo, "create", **NEW, key=key).json["identity_id"] for key in ("k-1", "k-2")}
    assert ids == set(named(tiktok))
    assert len(ids) == 2


def test_keys_are_scoped_to_the_caller(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The same key of another caller is another request."""
    both = DemoAdvertiser.LINKED_BY_OWNER
    for user_id in ("u-owner", "u-manager"):
        response = ask(demo, "create", user_id, advertiser_id=both, display_name="Acme", key="k-1")
        assert response.status == 201
    assert len(named(tiktok, advertiser_id=both)) == 2


@pytest.mark.parametrize(("age", "identities"), [(timedelta(minutes=9), 1), (timedelta(minutes=11), 2)])
def test_without_a_key_duplicates_are_replayed_for_ten_minutes(
    tiktok: Simulator, demo: Product, ask: Ask, age: timedelta, identities: int
) -> None:
    """After ten minutes the same request creates another identity."""
    assert ask(demo, "create", **NEW).status == 201
    for stored in demo.idempotency.stored.values():
        stored.expires_at -= age
    assert ask(demo, "create", **NEW).status == 201
    assert len(named(tiktok)) == identities


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (FaultKind.RESET_AFTER, {}),
        (FaultKind.NON_JSON, {}),
        (FaultKind.TRUNCATED_JSON, {}),
        (FaultKind.DATA_NULL, {}),
        (FaultKind.MISSING_KEY, {"key": "identity_id"}),
        (FaultKind.HTTP_STATUS, {"status": 502, "applied": True}),
        (FaultKind.CODE, {"code": 50000, "applied": True}),
        (FaultKind.HANG, {"seconds": 2, "applied": True}),
    ],
)
def test_a_create_whose_response_is_lost_is_found_by_name(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any]
) -> None:
    """The created identity is found by its name and returned; nothing is written twice."""
    add_fault(tiktok, kind, **values)
    response = ask(demo, "create", **NEW, seconds=SHORT)
    assert (response.status, [response.json["identity_id"]]) == (201, named(tiktok))
    assert len(tiktok.requests.to(CREATE)) == 1


@pytest.mark.parametrize(
    ("kind", "values", "status", "code"),
    [
        (FaultKind.HANG, {"seconds": 2}, 504, "tiktok_timeout"),
        (FaultKind.RESET_BEFORE, {}, 502, "tiktok_error"),
        (FaultKind.HTTP_STATUS, {"status": 500}, 502, "tiktok_error"),
        (FaultKind.CODE, {"code": 50002}, 502, "tiktok_error"),
    ],
)
def test_a_create_that_did_not_happen_can_be_retried_at_once(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any], status: int, code: str
) -> None:
    """The write is not retried, since TikTok may have acted: 502 or 504; the caller's retry creates exactly one."""
    add_fault(tiktok, kind, **values)
    failed = ask(demo, "create", **NEW, seconds=SHORT)
    assert (failed.status, failed.json["code"]) == (status, code)
    assert len(tiktok.requests.to(CREATE)) == 1
    assert demo.idempotency.states == [IdempotencyState.UNCERTAIN]
    assert ask(demo, "create", **NEW).status == 201
    assert len(named(tiktok)) == 1


def test_an_identity_created_despite_a_timeout_is_found_by_the_retry(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """Without response and list the result is 504; the retry finds the identity and creates nothing."""
    add_fault(tiktok, FaultKind.HANG, seconds=2, applied=True)
    add_fault(tiktok, FaultKind.HTTP_STATUS, "identity/get/", None, status=503)
    assert ask(demo, "create", **NEW, seconds=SHORT).status == 504
    tiktok.faults.clear()
    response = ask(demo, "create", **NEW)
    assert (response.status, [response.json["identity_id"]]) == (201, named(tiktok))
    assert len(tiktok.requests.to(CREATE)) == 1


def test_an_uncertain_create_stays_uncertain_while_the_lookup_fails(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Retries do not write while the lookup fails."""
    add_fault(tiktok, FaultKind.RESET_AFTER)
    add_fault(tiktok, FaultKind.HTTP_STATUS, "identity/get/", None, status=503)
    assert [ask(demo, "create", **NEW).status for _ in range(3)] == [502, 502, 502]
    assert (len(tiktok.requests.to(CREATE)), demo.idempotency.states) == (1, [IdempotencyState.UNCERTAIN])


def test_a_token_that_becomes_invalid_before_the_lookup_is_marked_and_the_record_stays_uncertain(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """The response is 409 no_token; after connecting again the identity is found, and nothing is written twice."""
    add_fault(tiktok, FaultKind.RESET_AFTER)
    add_fault(tiktok, FaultKind.CODE, "identity/get/", code=40105)
    assert ask(demo, "create", **NEW).status == 409
    assert "u-owner" in demo.connections.expired
    assert demo.idempotency.states == [IdempotencyState.UNCERTAIN]
    demo.teams.connect("northlight", "u-owner", [READY])
    response = ask(demo, "create", **NEW)
    assert (response.status, [response.json["identity_id"]]) == (201, named(tiktok))
    assert len(tiktok.requests.to(CREATE)) == 1


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.RESET_AFTER, 201), (FaultKind.RESET_BEFORE, 502)])
def test_a_token_replaced_before_the_lookup_does_not_write_again(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, status: int
) -> None:
    """The new token looks the identity up; the request's one write was sent with the old token."""
    demo.secrets.read_token(demo.teams.connection("northlight", "u-owner"))
    demo.secrets.put(secret_id_of("northlight", "u-owner"), DemoToken.NARROW_SCOPE)
    add_fault(tiktok, kind)
    add_fault(tiktok, FaultKind.CODE, "identity/get/", code=40105)
    assert ask(demo, "create", **NEW).status == status
    assert (len(tiktok.requests.to(CREATE)), demo.connections.expired) == (1, [])


def test_a_similar_name_does_not_match(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok's keyword filter is fuzzy; the lookup compares names exactly."""
    tiktok.world.advertisers[READY].identities.append(Identity("1", "CUSTOMIZED_USER", "Acme Shoes"))
    tiktok.world.advertisers[READY].identities.append(Identity("2", "CUSTOMIZED_USER", "acme"))
    add_fault(tiktok, FaultKind.RESET_BEFORE)
    assert ask(demo, "create", **NEW).status == 502


def test_a_rate_limited_create_is_retried(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok did nothing, so a retry cannot create two."""
    add_fault(tiktok, FaultKind.CODE, times=2, code=40100)
    assert ask(demo, "create", **NEW).status == 201
    assert (len(tiktok.requests.to(CREATE)), len(named(tiktok))) == (3, 1)


def test_a_create_that_stays_rate_limited_can_be_retried_at_once(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 503 with Retry-After and is not replayed."""
    add_fault(tiktok, FaultKind.CODE, times=3, code=40100)
    failed = ask(demo, "create", **NEW, key="k-1")
    assert (failed.status, failed.json["code"]) == (503, "tiktok_rate_limited")
    assert int(failed.headers["Retry-After"]) > 0
    assert len(demo.idempotency) == 0
    assert ask(demo, "create", **NEW, key="k-1").status == 201


def test_a_rejected_create_can_be_retried_at_once(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 422 with TikTok's message; the same key may then be used with another body."""
    failed = ask(demo, "create", **NEW, image_uri="not-square", key="k-1")
    assert (failed.status, failed.json["code"]) == (422, "tiktok_rejected")
    assert failed.json["tiktok"] == {
        "code": 40002,
        "message": "Avatar's width & height is not equal.",
        "request_id": tiktok.requests.to(CREATE)[0].request_id,
    }
    assert ask(demo, "create", **NEW, key="k-1").status == 201
    assert len(named(tiktok)) == 1


@pytest.mark.parametrize(
    ("code", "message", "status", "problem"),
    [
        (40001, "The access token lacks the required scope.", 403, "missing_scope"),
        (40001, "advertiser does not grant you /identity/create/:POST permission", 403, "missing_scope"),
        (41000, "Client IP Address Is In Banned Country List", 502, "tiktok_error"),
        (40124, "The developer profile is not approved.", 502, "tiktok_error"),
    ],
)
def test_a_create_that_no_input_can_mend(
    tiktok: Simulator, demo: Product, ask: Ask, code: int, message: str, status: int, problem: str
) -> None:
    """What the connection or this deployment lacks is not told as the caller's input; the connection stays active."""
    add_fault(tiktok, FaultKind.CODE, times=1, code=code, message=message)
    failed = ask(demo, "create", **NEW, key="k-1")
    assert (failed.status, failed.json["code"]) == (status, problem)
    assert problem != "missing_scope" or '"Create identities" (692)' in failed.json["detail"]
    assert (len(tiktok.requests.to(CREATE)), demo.connections.mark_attempts) == (1, [])
    assert ask(demo, "create", **NEW, key="k-1").status == 201


def test_ten_concurrent_duplicates_create_one_identity(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """One of them writes; the others wait and get the same response."""
    add_fault(tiktok, FaultKind.LATENCY, seconds=0.2)
    start = Barrier(10)

    def one(_number: int) -> tuple[int, str]:
        start.wait()
        response = ask(demo, "create", **NEW)
        return response.status, str(response.json)

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(one, range(10)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert (len(tiktok.requests.to(CREATE)), len(named(tiktok))) == (1, 1)


def claimed_earlier(demo: Product, age: timedelta) -> IdempotencyRecord:
    requested = {"advertiser_id": READY, "display_name": "Acme", "image_uri": None}
    record = IdempotencyRecord.of(Principal("u-owner", "northlight", "owner"), "CREATE_IDENTITY", requested, "k-1")
    demo.idempotency.claim(record, datetime.now(UTC) - age)
    return record


def test_a_running_duplicate_is_waited_for_until_the_deadline(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """At the deadline the response is 409 in_progress; nothing was written."""
    record = claimed_earlier(demo, timedelta(seconds=1))
    response = ask(demo, "create", **NEW, key="k-1", seconds=0.9)
    assert (response.status, response.json["code"]) == (409, "in_progress")
    assert len(tiktok.requests) == 0
    assert record in demo.idempotency


def test_an_attempt_that_ended_after_its_write_is_found(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """After the lease has expired, the next attempt looks the identity up first and returns it."""
    claimed_earlier(demo, LEASE + timedelta(seconds=1))
    tiktok.world.advertisers[READY].identities.append(Identity("77", "CUSTOMIZED_USER", "Acme"))
    response = ask(demo, "create", **NEW, key="k-1")
    assert (response.status, response.json["identity_id"]) == (201, "77")
    assert len(tiktok.requests.to(CREATE)) == 0


def test_an_attempt_that_ended_before_its_write_is_repeated(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The lookup finds nothing, so the identity is created once."""
    claimed_earlier(demo, LEASE + timedelta(seconds=1))
    assert ask(demo, "create", **NEW, key="k-1").status == 201
    assert [one.path for one in tiktok.requests if one.path.startswith("identity/")] == ["identity/get/", CREATE]


def test_a_first_attempt_writes_without_a_lookup(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """An older identity of the same name does not count as the result of a new request."""
    tiktok.world.advertisers[READY].identities.append(Identity("77", "CUSTOMIZED_USER", "Acme"))
    assert ask(demo, "create", **NEW).json["identity_id"] != "77"


def test_a_write_never_borrows(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """An owner without a connection gets 409 no_token, although teammates have connected."""
    demo.person("u-director", "owner")
    response = ask(demo, "create", "u-director", **NEW)
    assert (response.status, response.json["code"]) == (409, "no_token")
    assert (len(tiktok.requests), len(demo.idempotency)) == (0, 0)


@pytest.mark.parametrize("advertiser", [DemoAdvertiser.NOTHING, DemoAdvertiser.DELETED])
def test_an_inaccessible_advertiser_is_rejected(demo: Product, ask: Ask, advertiser: str) -> None:
    """The response is 403, whether the stored list lacks it or TikTok denies it; a retry is possible at once."""
    response = ask(demo, "create", advertiser_id=advertiser, display_name="Acme")
    assert (response.status, response.json["code"]) == (403, "advertiser_not_accessible")
    assert len(demo.idempotency) == 0


def test_an_invalid_token_is_marked_and_nothing_is_created(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The response is 409 no_token; no other person's token is used instead."""
    tiktok.world.revoke(DemoToken.OWNER)
    response = ask(demo, "create", **NEW)
    assert (response.status, response.json["code"]) == (409, "no_token")
    assert "u-owner" in demo.connections.expired
    assert named(tiktok) == []


@dataclass
class UnreliableIdempotency(InMemoryIdempotency):
    """Records of which some operations fail, as when DynamoDB throttles or does not answer."""

    failing: frozenset[str] = frozenset()

    def complete(self, record: IdempotencyRecord, response: str, now: datetime) -> None:
        self._fail("complete")
        super().complete(record, response, now)

    def mark_uncertain(self, record: IdempotencyRecord) -> None:
        self._fail("mark_uncertain")
        super().mark_uncertain(record)

    def release(self, record: IdempotencyRecord) -> None:
        self._fail("release")
        super().release(record)

    def _fail(self, name: str) -> None:
        if name in self.failing:
            raise AwsError("ProvisionedThroughputExceededException")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (None, 201),
        (Fault(path=CREATE, kind=FaultKind.CODE, code=40002, times=1), 422),
        (Fault(path=CREATE, kind=FaultKind.CODE, code=40100, times=3), 503),
        (Fault(path=CREATE, kind=FaultKind.RESET_BEFORE, times=1), 502),
    ],
)
def test_a_record_that_cannot_be_written_does_not_change_the_response(
    tiktok: Simulator, demo: Product, ask: Ask, fault: Fault | None, status: int
) -> None:
    """How the create ended is told also if DynamoDB throttles; once the lease has expired, the retry looks first."""
    unreliable = UnreliableIdempotency(failing=frozenset({"complete", "mark_uncertain", "release"}))
    product = replace(demo, idempotency=unreliable)
    if fault is not None:
        tiktok.faults.add(fault)
    assert ask(product, "create", **NEW).status == status
    assert unreliable.states == [IdempotencyState.RUNNING]
    for stored in unreliable.stored.values():
        stored.lease_until -= LEASE
    unreliable.failing = frozenset()
    assert ask(product, "create", **NEW).status == 201
    assert len(named(tiktok)) == 1
