"""Contract §5: check, list and create identities."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.demo.teams import MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, PEOPLE, TRAINEE
from local.tiktok_simulator import DemoAdvertiser as A
from local.tiktok_simulator import DemoToken, Fault, FaultKind, Simulator
from tests.support.stack import Api, problem

PERSON = {person.token: person for person in PEOPLE if person.token}
GET, CREATE = "identity/get/", "identity/create/"


def _code(code: int, message: str, path: str = GET, times: int | None = None) -> Fault:
    return Fault(path=path, kind=FaultKind.CODE, code=code, message=message, times=times)


class TestCheck:
    """GET /identities/check."""

    def test_linked(self, api: Api) -> None:
        """A linked TikTok account is returned with what the wizard shows."""
        body = api.get("/identities/check", OWNER, advertiser_id=A.EVERYTHING_READY.value).json()
        assert set(body) == {
            *("hasIdentity", "reason", "detail", "identity_id", "identity_type", "display_name", "image"),
            *("advertiser_id", "advertiser_id_source", "token", "checked_at"),
        }
        assert (body["hasIdentity"], body["reason"], body["identity_type"]) == (True, None, "TT_USER")
        assert body["token"] == {"source": "own", "user_id": OWNER.user_id}

    @pytest.mark.parametrize(
        ("advertiser", "detail"),
        [
            (A.NOTHING, None),
            (A.CUSTOM_ALLOWED, None),
            (A.UNAVAILABLE_TT_USER, "tt_user_unavailable"),
            (A.GPPPA, "tt_user_unavailable"),
        ],
        ids=lambda one: one.name if isinstance(one, A) else "",
    )
    def test_no_tt_user(self, api: Api, advertiser: A, detail: str | None) -> None:
        """Without a usable TT_USER the reason is no_tt_user, even with custom identities."""
        body = api.get("/identities/check", MEDIA_BUYER, advertiser_id=advertiser.value).json()
        assert (body["hasIdentity"], body["reason"], body["detail"]) == (False, "no_tt_user", detail)
        assert (body["identity_id"], body["identity_type"]) == (None, None)

    def test_no_token(self, api: Api) -> None:
        """Without a connection the reason is no_token."""
        body = api.get("/identities/check", TRAINEE).json()
        assert (body["hasIdentity"], body["reason"], body["token"]) == (False, "no_token", None)

    def test_last_page(self, api: Api) -> None:
        """A usable account on the last page is found."""
        body = api.get("/identities/check", PERSON[DemoToken.AGENCY], advertiser_id=A.MANY_PAGES.value).json()
        assert body["hasIdentity"] is True

    @pytest.mark.parametrize(
        ("fault", "detail"),
        [
            (_code(40100, "Too many requests."), "rate_limited"),
            (_code(51010, "Internal time-out"), "upstream_error"),
            (_code(40001, "Permission error: lacks the required scope"), "missing_scope"),
            (Fault(path=GET, kind=FaultKind.TRUNCATED_JSON), "upstream_error"),
            (Fault(path=GET, kind=FaultKind.MISSING_KEY, key="identity_list"), "unexpected_response"),
        ],
        ids=["rate", "transient", "scope", "truncated", "shape"],
    )
    def test_api_error(self, api: Api, tiktok: Simulator, fault: Fault, detail: str) -> None:
        """Failures of TikTok are api_error, never no_tt_user."""
        tiktok.faults.add(fault)
        answer = api.get("/identities/check", OWNER, advertiser_id=A.EVERYTHING_READY.value)
        body = answer.json()
        assert (answer.status_code, body["reason"], body["detail"]) == (200, "api_error", detail)


class TestList:
    """GET /identities."""

    def test_both_types_every_page(self, api: Api, tiktok: Simulator) -> None:
        """All identities of both types are listed, TT_USER first, then by name and id."""
        body = api.get("/identities", PERSON[DemoToken.AGENCY], advertiser_id=A.MANY_PAGES.value).json()
        rows = body["identities"]
        there = tiktok.world.advertisers[A.MANY_PAGES.value].identities
        assert len(rows) == len([one for one in there if one.identity_type in {"TT_USER", "CUSTOMIZED_USER"}]) > 200
        keys = [(one["identity_type"] != "TT_USER", one["display_name"], one["identity_id"]) for one in rows]
        assert keys == sorted(keys)
        assert (body["complete"], body["failed_types"]) == (True, [])

    def test_why_not(self, api: Api) -> None:
        """An unusable account is listed with TikTok's reason; a default avatar is null."""
        unusable = api.get("/identities", MEDIA_BUYER, advertiser_id=A.UNAVAILABLE_TT_USER.value).json()["identities"][
            0
        ]
        assert (unusable["usable"], unusable["why_not"]) == (False, ["no_valid_bind_account"])
        custom = api.get("/identities", MEDIA_BUYER, advertiser_id=A.CUSTOM_ALLOWED.value).json()["identities"][0]
        assert custom["image"] is None

    def test_one_type_fails(self, api: Api, tiktok: Simulator) -> None:
        """If one type fails, the other is listed and the failed one named; if both fail, it is a 5xx."""
        query = {"advertiser_id": A.EVERYTHING_READY.value}
        tiktok.faults.add(Fault(path=GET, kind=FaultKind.CODE, code=40002, message="odd", times=1))
        body: dict[str, Any] = api.get("/identities", OWNER, **query).json()
        assert body["complete"] is False
        assert len(body["failed_types"]) == 1
        tiktok.faults.add(_code(50000, "System error"))
        problem(api.get("/identities", OWNER, **query), 502, "tiktok_error")

    def test_problems(self, api: Api, tiktok: Simulator) -> None:
        """No connection is 409, a rate limit 503 with Retry-After, a denied advertiser 403."""
        problem(api.get("/identities", TRAINEE), 409, "no_token")
        problem(api.get("/identities", MEDIA_BUYER, advertiser_id=A.DELETED.value), 403, "advertiser_not_accessible")
        tiktok.faults.add(_code(40100, "Too many requests."))
        limited = api.get("/identities", OWNER, advertiser_id=A.EVERYTHING_READY.value)
        problem(limited, 503, "tiktok_rate_limited")
        assert int(limited.headers["Retry-After"]) > 0
        tiktok.faults.clear()
        tiktok.faults.add(Fault(path=GET, kind=FaultKind.HANG, seconds=15))
        problem(api.get("/identities", OWNER, advertiser_id=A.EVERYTHING_READY.value), 504, "tiktok_timeout")


def _named(tiktok: Simulator, name: str) -> list[str]:
    there = tiktok.world.advertisers[A.NOTHING.value].identities
    return [one.id for one in there if one.display_name == name]


class TestCreate:
    """POST /identities."""

    def _name(self) -> str:
        """Return a unique name, since responses are replayed for ten minutes."""
        return f"Acme {uuid.uuid4().hex[:12]}"

    def test_created(self, api: Api, tiktok: Simulator) -> None:
        """An identity is created with the caller's own token, and the preflight finds it."""
        name = self._name()
        answer = api.create(MEDIA_BUYER, advertiser_id=A.NOTHING.value, display_name=f"  {name} ")
        body = answer.json()
        assert answer.status_code == 201
        assert body == {
            "identity_id": _named(tiktok, name)[0],
            "identity_type": "CUSTOMIZED_USER",
            "display_name": name,
            "image": None,
            "advertiser_id": A.NOTHING.value,
            "display_name_truncated": False,
            "warnings": [],
        }
        checked = api.get("/publish-check", MEDIA_BUYER, advertiser_id=A.NOTHING.value, objective="REACH").json()
        assert checked["identity"]["identity_id"] == body["identity_id"]

    def test_truncated(self, api: Api) -> None:
        """A name of more than 40 code points is truncated and flagged."""
        name = f"{self._name()} {'é' * 60}"
        body = api.create(MEDIA_BUYER, advertiser_id=A.NOTHING.value, display_name=name).json()
        assert (body["display_name"], body["display_name_truncated"]) == (name[:40], True)

    def test_image(self, api: Api, tiktok: Simulator) -> None:
        """TikTok's image id is sent unchanged, slash included."""
        image = "ad-site-i18n-sg/20260901abcdef0123456789"
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name(), "image_uri": image}
        assert api.create(MEDIA_BUYER, **wanted).status_code == 201
        assert tiktok.requests.to(CREATE)[-1].body == wanted

    def test_restricted_account_gets_a_warning(self, api: Api) -> None:
        """If TikTok no longer allows custom identities, the response has a warning."""
        body = api.create(MEDIA_BUYER, advertiser_id=A.CUSTOM_RESTRICTED.value, display_name=self._name()).json()
        assert [one["code"] for one in body["warnings"]] == ["custom_identity_restricted"]

    def test_replayed(self, api: Api, tiktok: Simulator) -> None:
        """A duplicate replays the first response, and TikTok has one identity."""
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name()}
        first, second = (api.create(MEDIA_BUYER, **wanted) for _ in range(2))
        assert (first.status_code, first.text) == (second.status_code, second.text) == (201, first.text)
        assert len(_named(tiktok, wanted["display_name"])) == 1

    def test_ten_at_once(self, api: Api, tiktok: Simulator) -> None:
        """Ten concurrent duplicates create one identity and get one response, or in_progress."""
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name()}
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: api.create(MEDIA_BUYER, **wanted), range(10)))
        assert len(_named(tiktok, wanted["display_name"])) == 1
        assert {one.status_code for one in answers} <= {201, 409}
        assert len({one.text for one in answers if one.status_code == 201}) == 1
        for busy in (one for one in answers if one.status_code == 409):
            problem(busy, 409, "in_progress")

    def test_keys(self, api: Api, tiktok: Simulator) -> None:
        """Two keys create two identities; one key with two bodies is rejected."""
        name = self._name()
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": name}
        keys = [uuid.uuid4().hex for _ in range(2)]
        answers = [api.create(MEDIA_BUYER, key=key, **wanted) for key in (*keys, keys[0])]
        assert [one.status_code for one in answers] == [201, 201, 201]
        assert answers[0].text == answers[2].text != answers[1].text
        assert len(_named(tiktok, name)) == 2
        problem(
            api.create(MEDIA_BUYER, key=keys[0], **{**wanted, "display_name": "Another"}),
            422,
            "idempotency_key_reused",
        )

    def test_lost_response(self, api: Api, tiktok: Simulator) -> None:
        """If TikTok's response is lost, the created identity is found by its name and not created again."""
        name = self._name()
        tiktok.faults.add(Fault(path=CREATE, kind=FaultKind.RESET_AFTER, times=1))
        answer = api.create(MEDIA_BUYER, advertiser_id=A.NOTHING.value, display_name=name)
        assert answer.status_code == 201
        assert _named(tiktok, name) == [answer.json()["identity_id"]]

    def test_not_created(self, api: Api, tiktok: Simulator) -> None:
        """If TikTok did nothing, the response is an error, and a retry creates one identity."""
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name()}
        tiktok.faults.add(Fault(path=CREATE, kind=FaultKind.HTTP_STATUS, status=502, times=1))
        problem(api.create(MEDIA_BUYER, **wanted), 502, "tiktok_error")
        assert len(tiktok.requests.to(CREATE)) == 1
        assert api.create(MEDIA_BUYER, **wanted).status_code == 201
        assert len(_named(tiktok, wanted["display_name"])) == 1

    def test_hanging(self, api: Api, tiktok: Simulator) -> None:
        """If TikTok hangs, the response is a 504 in time."""
        tiktok.faults.add(Fault(path=CREATE, kind=FaultKind.HANG, seconds=20, times=1))
        answer = api.create(MEDIA_BUYER, advertiser_id=A.NOTHING.value, display_name=self._name())
        problem(answer, 504, "tiktok_timeout")
        assert answer.elapsed.total_seconds() < 15  # 8 s are promised; more for a slow machine

    def test_rejected(self, api: Api, tiktok: Simulator) -> None:
        """A rejection has TikTok's message, is not replayed, and leaves no record."""
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name()}
        tiktok.faults.add(_code(40002, "Avatar's width & height is not equal.", CREATE, times=1))
        rejected = problem(api.create(MEDIA_BUYER, **wanted), 422, "tiktok_rejected")
        assert rejected["tiktok"]["code"] == 40002
        assert rejected["tiktok"]["message"] == "Avatar's width & height is not equal."
        assert rejected["tiktok"]["request_id"]
        assert api.create(MEDIA_BUYER, **wanted).status_code == 201

    def test_rate_limited(self, api: Api, tiktok: Simulator) -> None:
        """A rate limit is retried; a lasting one is 503 with Retry-After, and a later retry creates one identity."""
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name()}
        tiktok.faults.add(_code(40100, "Too many requests.", CREATE, times=1))
        assert api.create(MEDIA_BUYER, **wanted).status_code == 201
        tiktok.faults.add(_code(40100, "Too many requests.", CREATE))
        limited = api.create(MEDIA_BUYER, **{**wanted, "display_name": self._name()})
        problem(limited, 503, "tiktok_rate_limited")
        assert limited.headers["Retry-After"]

    def test_never_borrows(self, api: Api) -> None:
        """Writes use only the caller's own token, also for owners."""
        wanted = {"advertiser_id": A.NOTHING.value, "display_name": self._name()}
        problem(api.create(OWNER, **wanted), 403, "advertiser_not_accessible")
        problem(api.create(OWNER_WITHOUT_CONNECTION, **wanted), 409, "no_token")
        problem(api.create(TRAINEE, **wanted), 409, "no_token")
