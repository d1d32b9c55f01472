"""Creating a custom identity: exactly one at TikTok for each intent, whatever happens on the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from local.tiktok_simulator.world import Identity
from publishing.calls import Caller
from publishing.intents import LEASE, Intent, State
from tests.support.invocations import Ask
from tests.support.product import Product

READY = DemoAdvertiser.EVERYTHING_READY
CREATE = "identity/create/"
NEW = {"advertiser_id": READY, "display_name": "Acme"}
SHORT = 3.3
"""Lambda's seconds with which a create has a third of a second before what came of it is looked for."""


def named(tiktok: Simulator, name: str = "Acme", advertiser_id: str = READY) -> list[str]:
    """The ids of the custom identities of that name at TikTok."""
    return [one.id for one in tiktok.world.advertisers[advertiser_id].identities if one.display_name == name]


def fails(tiktok: Simulator, kind: FaultKind, path: str = CREATE, times: int | None = 1, **values: Any) -> None:
    tiktok.faults.add(Fault(path=path, kind=kind, times=times, **values))


def test_an_identity_is_created(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """201 with every field of the contract, and TikTok has exactly one."""
    answer = ask(demo, "create", **NEW)
    (identity_id,) = named(tiktok)
    assert answer.status == 201
    assert answer.json == {
        "identity_id": identity_id,
        "identity_type": "CUSTOMIZED_USER",
        "display_name": "Acme",
        "image": None,
        "advertiser_id": READY,
        "display_name_truncated": False,
        "warnings": [],
    }


def test_a_long_name_is_cut_and_said_to_be(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok gets at most 40 code points, stripped and in NFC."""
    answer = ask(demo, "create", advertiser_id=READY, display_name="  Cafe\u0301 " + "x" * 60)
    assert (answer.status, answer.json["display_name_truncated"]) == (201, True)
    assert answer.json["display_name"] == "Café " + "x" * 35
    assert len(named(tiktok, "Café " + "x" * 35)) == 1


def test_the_image_reaches_tiktok(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """As the id that its upload API gave; absent, null and empty send none."""
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
def test_who_may_hardly_use_it_is_warned(demo: Product, ask: Ask, advertiser: str, codes: list[str]) -> None:
    """It is created all the same; the warning says that TikTok restricts it."""
    answer = ask(demo, "create", "u-buyer", advertiser_id=advertiser, display_name="Acme")
    assert (answer.status, [one["code"] for one in answer.json["warnings"]]) == (201, codes)


def test_a_flag_that_cannot_be_read_does_not_stop_a_creation(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The warning is a courtesy."""
    fails(tiktok, FaultKind.HTTP_STATUS, "advertiser/info/", None, status=500)
    assert ask(demo, "create", **NEW).json["warnings"] == []


@pytest.mark.parametrize("key", [None, "k-1"])
def test_the_same_request_again_is_the_first_answer_again(
    tiktok: Simulator, demo: Product, ask: Ask, key: str | None
) -> None:
    """Same status, same body, with a key or without; a name in another Unicode form is the same name."""
    first = ask(demo, "create", advertiser_id=READY, display_name="Café", key=key)
    again = ask(demo, "create", advertiser_id=READY, display_name=" Cafe\u0301", key=key)
    assert (again.status, again.json) == (201, first.json)
    assert len(tiktok.requests.to(CREATE)) == 1


def test_a_key_that_stood_for_another_body_is_refused(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """422 idempotency_key_reused, and nothing is created."""
    assert ask(demo, "create", **NEW, key="k-1").status == 201
    for changed in ({"display_name": "Other"}, {"advertiser_id": DemoAdvertiser.SUSPENDED}, {"image_uri": "x"}):
        answer = ask(demo, "create", **{**NEW, **changed}, key="k-1")
        assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert len(tiktok.requests.to(CREATE)) == 1


def test_two_keys_are_two_intents(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Who says twice that it is meant gets two."""
    ids = {ask(demo, "create", **NEW, key=key).json["identity_id"] for key in ("k-1", "k-2")}
    assert ids == set(named(tiktok))
    assert len(ids) == 2


def test_keys_are_the_callers_own(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """The same key of another caller is another intent."""
    both = DemoAdvertiser.LINKED_BY_OWNER
    for user_id in ("u-owner", "u-manager"):
        answer = ask(demo, "create", user_id, advertiser_id=both, display_name="Acme", key="k-1")
        assert answer.status == 201
    assert len(named(tiktok, advertiser_id=both)) == 2


@pytest.mark.parametrize(("age", "identities"), [(timedelta(minutes=9), 1), (timedelta(minutes=11), 2)])
def test_without_a_key_a_request_is_the_same_for_ten_minutes(
    tiktok: Simulator, demo: Product, ask: Ask, age: timedelta, identities: int
) -> None:
    """Later the same name means a new identity."""
    assert ask(demo, "create", **NEW).status == 201
    for stored in demo.intents.stored.values():
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
def test_a_write_whose_answer_is_lost_is_found_by_its_name(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any]
) -> None:
    """TikTok acted: the identity is listed, found and answered as created; nothing is written twice."""
    fails(tiktok, kind, **values)
    answer = ask(demo, "create", **NEW, seconds=SHORT)
    assert (answer.status, [answer.json["identity_id"]]) == (201, named(tiktok))
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
def test_a_write_that_did_not_happen_can_be_repeated_at_once(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, values: dict[str, Any], status: int, code: str
) -> None:
    """502 or 504 without a second try, because TikTok might have acted; the repetition then makes exactly one."""
    fails(tiktok, kind, **values)
    refused = ask(demo, "create", **NEW, seconds=SHORT)
    assert (refused.status, refused.json["code"]) == (status, code)
    assert len(tiktok.requests.to(CREATE)) == 1
    assert demo.intents.states == [State.UNCERTAIN]
    assert ask(demo, "create", **NEW).status == 201
    assert len(named(tiktok)) == 1


def test_a_timeout_whose_end_could_not_be_seen_is_found_by_the_repetition(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """504 while neither answer nor list comes; the repetition finds what was made, and makes nothing."""
    fails(tiktok, FaultKind.HANG, seconds=2, applied=True)
    fails(tiktok, FaultKind.HTTP_STATUS, "identity/get/", None, status=503)
    assert ask(demo, "create", **NEW, seconds=SHORT).status == 504
    tiktok.faults.clear()
    answer = ask(demo, "create", **NEW)
    assert (answer.status, [answer.json["identity_id"]]) == (201, named(tiktok))
    assert len(tiktok.requests.to(CREATE)) == 1


def test_an_uncertain_creation_that_cannot_be_looked_for_stays_uncertain(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """The repetition does not write before it could look."""
    fails(tiktok, FaultKind.RESET_AFTER)
    fails(tiktok, FaultKind.HTTP_STATUS, "identity/get/", None, status=503)
    assert [ask(demo, "create", **NEW).status for _ in range(3)] == [502, 502, 502]
    assert (len(tiktok.requests.to(CREATE)), demo.intents.states) == (1, [State.UNCERTAIN])


def test_a_token_that_dies_before_the_look_is_marked_and_the_doubt_stays(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """409 no_token; who has connected again is told what had been made, and nothing is written twice."""
    fails(tiktok, FaultKind.RESET_AFTER)
    fails(tiktok, FaultKind.CODE, "identity/get/", code=40105)
    assert ask(demo, "create", **NEW).status == 409
    assert "u-owner" in demo.marks
    assert demo.intents.states == [State.UNCERTAIN]
    demo.teams.connect("northlight", "u-owner", [READY])
    answer = ask(demo, "create", **NEW)
    assert (answer.status, [answer.json["identity_id"]]) == (201, named(tiktok))
    assert len(tiktok.requests.to(CREATE)) == 1


@pytest.mark.parametrize(("kind", "status"), [(FaultKind.RESET_AFTER, 201), (FaultKind.RESET_BEFORE, 502)])
def test_a_token_that_is_rotated_before_the_look_does_not_write_again(
    tiktok: Simulator, demo: Product, ask: Ask, kind: FaultKind, status: int
) -> None:
    """The new token looks; the one write of the request was the old one's."""
    demo.tokens.read(demo.teams.connection("northlight", "u-owner"))
    demo.tokens.secrets["wevion/tiktok/connections/northlight/u-owner"] = DemoToken.NARROW_SCOPE
    fails(tiktok, kind)
    fails(tiktok, FaultKind.CODE, "identity/get/", code=40105)
    assert ask(demo, "create", **NEW).status == status
    assert (len(tiktok.requests.to(CREATE)), len(demo.marks)) == (1, 0)


def test_a_name_that_only_resembles_is_not_taken_for_it(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok's keyword filter is fuzzy, the search for the lost write is exact."""
    tiktok.world.advertisers[READY].identities.append(Identity("1", "CUSTOMIZED_USER", "Acme Shoes"))
    tiktok.world.advertisers[READY].identities.append(Identity("2", "CUSTOMIZED_USER", "acme"))
    fails(tiktok, FaultKind.RESET_BEFORE)
    assert ask(demo, "create", **NEW).status == 502


def test_a_refusal_for_rate_is_repeated(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """TikTok did nothing, so trying again cannot make two."""
    fails(tiktok, FaultKind.CODE, times=2, code=40100)
    assert ask(demo, "create", **NEW).status == 201
    assert (len(tiktok.requests.to(CREATE)), len(named(tiktok))) == (3, 1)


def test_a_lasting_refusal_for_rate_can_be_tried_again_at_once(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """503 with Retry-After; only successes are replayed."""
    fails(tiktok, FaultKind.CODE, times=3, code=40100)
    refused = ask(demo, "create", **NEW, key="k-1")
    assert (refused.status, refused.json["code"]) == (503, "tiktok_rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    assert len(demo.intents) == 0
    assert ask(demo, "create", **NEW, key="k-1").status == 201


def test_a_refused_creation_can_be_tried_again_at_once(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """422 tiktok_rejected with TikTok's own words, even with another body under the same key afterwards."""
    refused = ask(demo, "create", **NEW, image_uri="not-square", key="k-1")
    assert (refused.status, refused.json["code"]) == (422, "tiktok_rejected")
    assert refused.json["tiktok"] == {
        "code": 40002,
        "message": "Avatar's width & height is not equal.",
        "request_id": tiktok.requests.to(CREATE)[0].request_id,
    }
    assert ask(demo, "create", **NEW, key="k-1").status == 201
    assert len(named(tiktok)) == 1


def test_ten_at_once_are_one_identity_and_one_answer(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """One of them writes; the others wait and get its answer."""
    fails(tiktok, FaultKind.LATENCY, seconds=0.2)
    start = Barrier(10)

    def one(_number: int) -> tuple[int, str]:
        start.wait()
        answer = ask(demo, "create", **NEW)
        return answer.status, str(answer.json)

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(one, range(10)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert (len(tiktok.requests.to(CREATE)), len(named(tiktok))) == (1, 1)


def begun_earlier(demo: Product, age: timedelta) -> Intent:
    wanted = {"advertiser_id": READY, "display_name": "Acme", "image_uri": None}
    intent = Intent.to(Caller("u-owner", "northlight", "owner"), "CREATE_IDENTITY", wanted, "k-1")
    demo.intents.begin(intent, datetime.now(UTC) - age)
    return intent


def test_an_equal_request_that_is_still_running_is_waited_for_and_then_told(
    tiktok: Simulator, demo: Product, ask: Ask
) -> None:
    """409 in_progress when the time is up; nothing is written meanwhile."""
    intent = begun_earlier(demo, timedelta(seconds=1))
    answer = ask(demo, "create", **NEW, key="k-1", seconds=0.9)
    assert (answer.status, answer.json["code"]) == (409, "in_progress")
    assert len(tiktok.requests) == 0
    assert intent in demo.intents


def test_an_attempt_that_died_after_its_write_is_found(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Past its lease the next one looks first, and answers what it finds."""
    begun_earlier(demo, LEASE + timedelta(seconds=1))
    tiktok.world.advertisers[READY].identities.append(Identity("77", "CUSTOMIZED_USER", "Acme"))
    answer = ask(demo, "create", **NEW, key="k-1")
    assert (answer.status, answer.json["identity_id"]) == (201, "77")
    assert len(tiktok.requests.to(CREATE)) == 0


def test_an_attempt_that_died_before_its_write_is_made_good(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """Nothing is found, so it is created, once."""
    begun_earlier(demo, LEASE + timedelta(seconds=1))
    assert ask(demo, "create", **NEW, key="k-1").status == 201
    assert [one.path for one in tiktok.requests if one.path.startswith("identity/")] == ["identity/get/", CREATE]


def test_a_first_attempt_does_not_look_before_it_writes(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """An older identity of the name does not stand for a new intent."""
    tiktok.world.advertisers[READY].identities.append(Identity("77", "CUSTOMIZED_USER", "Acme"))
    assert ask(demo, "create", **NEW).json["identity_id"] != "77"


def test_a_write_never_borrows(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """An owner who has connected nothing gets 409 no_token, with teammates' tokens at hand."""
    demo.person("u-director", "owner")
    answer = ask(demo, "create", "u-director", **NEW)
    assert (answer.status, answer.json["code"]) == (409, "no_token")
    assert (len(tiktok.requests), len(demo.intents)) == (0, 0)


@pytest.mark.parametrize("advertiser", [DemoAdvertiser.NOTHING, DemoAdvertiser.DELETED])
def test_an_advertiser_out_of_reach_is_refused(demo: Product, ask: Ask, advertiser: str) -> None:
    """403, whether our list lacks it or TikTok refuses it; and it may be tried again at once."""
    answer = ask(demo, "create", advertiser_id=advertiser, display_name="Acme")
    assert (answer.status, answer.json["code"]) == (403, "advertiser_not_accessible")
    assert len(demo.intents) == 0


def test_a_dead_token_is_marked_and_the_write_refused(tiktok: Simulator, demo: Product, ask: Ask) -> None:
    """409 no_token; nobody else's token writes instead."""
    tiktok.world.revoke(DemoToken.OWNER)
    answer = ask(demo, "create", **NEW)
    assert (answer.status, answer.json["code"]) == (409, "no_token")
    assert "u-owner" in demo.marks
    assert named(tiktok) == []
