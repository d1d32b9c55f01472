"""Consent, token exchange and revocation at the simulated TikTok."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from pydantic import SecretStr

from local.tiktok_simulator import (
    STARTER,
    DemoAdvertiser,
    DemoToken,
    Fault,
    FaultKind,
    Scope,
    Simulator,
)
from tests.support.clock import SecondsClock
from tests.unit.tiktok_simulator.consent_page import code_in, page_of
from tiktok_business.errors import TikTokError, TokenInvalidError
from tiktok_business.oauth import Grant, TikTokOAuth

HOUR = 3600


@pytest.fixture(scope="module")
def clock() -> SecondsClock:
    return SecondsClock()


@pytest.fixture(scope="module")
def running(clock: SecondsClock) -> Iterator[Simulator]:
    with Simulator(clock=clock) as simulator:
        yield simulator


def connected(simulator: Simulator, oauth: TikTokOAuth, user: str, scopes: set[Scope] | None = None) -> Grant:
    return oauth.exchange(code_in(simulator.consent(page_of(simulator), user, scopes=scopes)))


def post(simulator: Simulator, path: str, token: str | None = None, **body: Any) -> dict[str, Any]:
    proof = {"app_id": simulator.world.app_id, "secret": simulator.world.app_secret}
    headers = {} if token is None else {"Access-Token": token}
    response = requests.post(f"{simulator.base_url}/{path}", json=proof | body, headers=headers, timeout=5)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def refusal(oauth: TikTokOAuth, code: SecretStr) -> int | None:
    with pytest.raises(TikTokError) as caught:
        oauth.exchange(code)
    return caught.value.code


class TestExchange:
    def test_round(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A consent's code is exchanged for a new token with access to the user's advertisers."""
        first = connected(simulator, oauth, STARTER)
        second = connected(simulator, oauth, STARTER)
        assert first.access_token != second.access_token
        for grant in (first, second):
            rows = oauth.advertisers(grant.access_token)
            assert [row.advertiser_id for row in rows] == [DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY]
        assert len(first.access_token.get_secret_value()) > 40

    def test_answer(self, simulator: Simulator) -> None:
        """The response has token, advertisers and numeric scopes; the advertisers can be omitted."""
        code = code_in(simulator.consent(page_of(simulator), STARTER)).get_secret_value()
        data = post(simulator, "oauth2/access_token/", auth_code=code)["data"]
        assert set(data) == {"access_token", "advertiser_ids", "scope"}
        assert data["advertiser_ids"] == [DemoAdvertiser.NOTHING, DemoAdvertiser.EVERYTHING_READY]
        assert data["scope"] == [10, 12, 15, 60, 68, 69, 70, 80, 90]
        code = code_in(simulator.consent(page_of(simulator), STARTER)).get_secret_value()
        data = post(simulator, "oauth2/access_token/", auth_code=code, return_advertiser_ids=False)["data"]
        assert data["advertiser_ids"] == []

    def test_once(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A code can be exchanged once; a second attempt does not affect the token."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        token = oauth.exchange(code).access_token
        assert refusal(oauth, code) == 40110
        assert oauth.advertisers(token)

    @pytest.mark.parametrize(("age", "refused"), [(HOUR - 1, None), (HOUR, 40110), (HOUR + 1, 40110)])
    def test_an_hour(
        self, simulator: Simulator, oauth: TikTokOAuth, clock: SecondsClock, age: int, refused: int | None
    ) -> None:
        """A code is valid for one hour."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        clock.now += age
        assert post(simulator, "oauth2/access_token/", auth_code=code.get_secret_value())["code"] == (refused or 0)
        assert refusal(oauth, code) == 40110

    def test_unknown_code(self, oauth: TikTokOAuth) -> None:
        """An unknown code is 40110."""
        assert refusal(oauth, SecretStr("never-issued")) == 40110

    @pytest.mark.parametrize(
        ("body", "refused"),
        [
            ({"secret": "no"}, 40101),
            ({"app_id": "1"}, 40101),
            ({"app_id": None}, 40002),
            ({"secret": None}, 40002),
            ({"auth_code": None}, 40002),
            ({"return_advertiser_ids": "false"}, 40002),
        ],
    )
    def test_wrong(self, simulator: Simulator, oauth: TikTokOAuth, body: dict[str, Any], refused: int) -> None:
        """A wrong app, secret or parameter is refused, and the code stays valid."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        answer = post(simulator, "oauth2/access_token/", **{"auth_code": code.get_secret_value(), **body})
        assert (answer["code"], answer["data"]) == (refused, {})
        assert oauth.exchange(code).access_token

    def test_older_tokens_stay_valid(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A second consent gives a second valid token and does not change the first."""
        old = SecretStr(DemoToken.OWNER)
        new = connected(simulator, oauth, DemoToken.OWNER.user).access_token
        assert oauth.advertisers(old) == oauth.advertisers(new)
        reconnected = connected(simulator, oauth, DemoToken.REVOKED.user).access_token
        assert [row.advertiser_id for row in oauth.advertisers(reconnected)] == [DemoAdvertiser.EVERYTHING_READY]

    def test_without_advertisers(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """The exchange succeeds for a user without ad accounts."""
        code = code_in(simulator.consent(page_of(simulator), DemoToken.NEWCOMER.user))
        data = post(simulator, "oauth2/access_token/", auth_code=code.get_secret_value())["data"]
        assert data["advertiser_ids"] == []
        assert oauth.advertisers(SecretStr(data["access_token"])) == ()

    def test_header_is_ignored(self, simulator: Simulator) -> None:
        """An endpoint that needs no token ignores the token header."""
        code = code_in(simulator.consent(page_of(simulator), STARTER)).get_secret_value()
        answer = requests.post(
            f"{simulator.base_url}/oauth2/access_token/",
            json={"app_id": simulator.world.app_id, "secret": simulator.world.app_secret, "auth_code": code},
            headers={"Access-Token": DemoToken.REVOKED},
            timeout=5,
        ).json()
        assert answer["code"] == 0

    def test_reset(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A reset deletes new codes and tokens."""
        token = connected(simulator, oauth, STARTER).access_token
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        simulator.reset()
        assert refusal(oauth, code) == 40110
        with pytest.raises(TikTokError) as caught:
            oauth.advertisers(token)
        assert caught.value.code == 40105


class TestScopes:
    def test_narrower(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A partly granted group is listed by its granted scopes; a group without granted scopes is not listed."""
        some = set(Scope) - {Scope.IDENTITY_DELETE, Scope.PIXEL_READ}
        grant = connected(simulator, oauth, STARTER, some)
        assert grant.scopes == ("10", "12", "15", "60", "68", "70", "90", "692", "693")
        long = connected(simulator, oauth, STARTER, {Scope.IDENTITY_DELETE})
        assert long.scopes == ("7176842096345694209",)
        assert connected(simulator, oauth, STARTER, set()).scopes == ()

    def test_enforced(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Scopes that were not granted are refused; granted scopes work."""
        token = connected(simulator, oauth, STARTER, {Scope.ADVERTISER_READ}).access_token
        assert oauth.advertisers(token)
        answer = requests.get(
            f"{simulator.base_url}/pixel/list/",
            params={"advertiser_id": DemoAdvertiser.NOTHING},
            headers={"Access-Token": token.get_secret_value()},
            timeout=5,
        ).json()
        assert "lacks the required scope" in answer["message"]

    def test_never_more_than_before(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A permission that the user cannot grant is not granted even if it is ticked."""
        scopes = connected(simulator, oauth, DemoToken.NARROW_SCOPE.user).scopes
        assert scopes == ("10", "12", "15", "60", "68", "69", "70", "90")

    def test_again_with_more(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A consent with few permissions does not limit the next consent."""
        connected(simulator, oauth, STARTER, {Scope.TERM})
        assert connected(simulator, oauth, STARTER).scopes == ("10", "12", "15", "60", "68", "69", "70", "80", "90")


def revoke(simulator: Simulator, token: str, **body: Any) -> dict[str, Any]:
    return post(simulator, "oauth2/revoke_token/", token, **{"access_token": token, **body})


class TestRevoke:
    def test_once(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """A revocation lists the token's advertisers and makes the token invalid; another revocation is 40105."""
        data = revoke(simulator, DemoToken.MANAGER)["data"]
        assert data == {
            "app_id": simulator.world.app_id,
            "advertiser_ids": [
                DemoAdvertiser.SECOND_BUSINESS_CENTER,
                DemoAdvertiser.LIBRARY_FORM,
                DemoAdvertiser.LINKED_BY_OWNER,
            ],
        }
        for token in (DemoToken.MANAGER, "never-existed"):
            assert revoke(simulator, token)["code"] == 40105
        with pytest.raises(TokenInvalidError):
            oauth.revoke(SecretStr(DemoToken.MANAGER))
        with pytest.raises(TikTokError) as caught:
            oauth.advertisers(SecretStr(DemoToken.MANAGER))
        assert caught.value.code == 40105

    def test_only_this_token(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """The user's other tokens stay valid."""
        new = connected(simulator, oauth, DemoToken.OWNER.user).access_token
        oauth.revoke(new)
        assert simulator.world.tokens[new.get_secret_value()].revoked
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))

    def test_header(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """The header must contain the token too; otherwise nothing is revoked."""
        assert post(simulator, "oauth2/revoke_token/", access_token=DemoToken.OWNER)["code"] == 40104
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))

    @pytest.mark.parametrize(
        ("body", "refused"),
        [({"app_id": "1"}, 40113), ({"secret": "no"}, 40101), ({"access_token": ""}, 40002), ({"app_id": None}, 40002)],
    )
    def test_wrong(self, simulator: Simulator, oauth: TikTokOAuth, body: dict[str, Any], refused: int) -> None:
        """A wrong app or secret revokes nothing."""
        answer = revoke(simulator, DemoToken.OWNER, **body)
        assert answer["code"] == refused
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))


class TestFaults:
    def test_lost_exchange(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """An exchange whose response is lost uses the code and creates a token; a request that is lost does neither."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        before = len(simulator.world.tokens)
        simulator.faults.add(Fault(path="oauth2/access_token/", kind=FaultKind.RESET_BEFORE, times=1))
        simulator.faults.add(Fault(path="oauth2/access_token/", kind=FaultKind.RESET_AFTER, times=1))
        assert refusal(oauth, code) is None
        assert len(simulator.world.tokens) == before
        assert refusal(oauth, code) is None
        assert len(simulator.world.tokens) == before + 1
        assert refusal(oauth, code) == 40110

    def test_of_a_token(self, simulator: Simulator) -> None:
        """A fault for one token affects only the revocation of that token."""
        simulator.faults.add(Fault(path="oauth2/revoke_token/", kind=FaultKind.CODE, code=50000, token=DemoToken.OWNER))
        assert revoke(simulator, DemoToken.MANAGER)["code"] == 0
        assert revoke(simulator, DemoToken.OWNER)["code"] == 50000
        assert not simulator.world.tokens[DemoToken.OWNER].revoked


class TestJournal:
    @pytest.mark.parametrize("form", ["json", "broken", "url-encoded", "nested"])
    def test_secrets(self, simulator: Simulator, form: str) -> None:
        """The journal contains no app secret, code or token, in whatever format the body is."""
        body = {"app_id": "1", "secret": "hide-1", "auth_code": "hide-2", "access_token": "hide-3", "other": "seen"}
        whole = json.dumps(body)
        sent = {"json": whole, "broken": whole[:-1], "url-encoded": urlencode(body), "nested": f'{{"a": [{whole}]}}'}
        for path in ("oauth2/access_token/", "oauth2/revoke_token/"):
            requests.post(f"{simulator.base_url}/{path}?auth_code=hide-4", data=sent[form], timeout=5)
        shown = requests.get(f"{simulator.control_url}/requests", timeout=5).text
        assert "hide-" not in shown
        assert ("seen" in shown) == (form in {"json", "nested"})
        assert len(simulator.requests) == 2

    def test_real_ones(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """Journal and world contain no secret after a complete flow from consent to revocation."""
        code = code_in(simulator.consent(page_of(simulator), STARTER))
        token = oauth.exchange(code).access_token
        oauth.advertisers(token)
        oauth.revoke(token)
        shown = repr([record.to_json() for record in simulator.requests])
        assert len(simulator.requests) == 3
        for secret in (code, token, oauth.app.secret):
            assert secret.get_secret_value() not in shown
            assert secret.get_secret_value() not in repr(simulator.world)


class TestUserChange:
    def change(self, simulator: Simulator, user: str, body: Any) -> requests.Response:
        return requests.patch(f"{simulator.control_url}/users/{user}", json=body, timeout=5)

    def test_added_later(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """All tokens of a user and later consents have access to ad accounts added later, until the reset."""
        newcomer = DemoToken.NEWCOMER
        second = connected(simulator, oauth, newcomer.user).access_token
        pending = code_in(simulator.consent(page_of(simulator), newcomer.user))
        ids = [DemoAdvertiser.QUIET_PIXEL.value, DemoAdvertiser.NOTHING.value]
        answer = self.change(simulator, newcomer.user, {"advertiser_ids": ids})
        assert answer.json() == {"user": newcomer.user, "advertiser_ids": ids}
        third = connected(simulator, oauth, newcomer.user).access_token
        for token in (SecretStr(newcomer), second, oauth.exchange(pending).access_token, third):
            assert [row.advertiser_id for row in oauth.advertisers(token)] == ids
        simulator.reset()
        assert oauth.advertisers(SecretStr(newcomer)) == ()

    def test_without_a_token(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """It works for a user without a token, and other users keep their access."""
        self.change(simulator, STARTER, {"advertiser_ids": []})
        assert oauth.advertisers(connected(simulator, oauth, STARTER).access_token) == ()
        assert oauth.advertisers(SecretStr(DemoToken.OWNER))

    def test_revoked_stays_revoked(self, simulator: Simulator) -> None:
        """A revoked token stays revoked, and its missing permissions stay missing."""
        for token in (DemoToken.REVOKED, DemoToken.NARROW_SCOPE):
            before = simulator.world.tokens[token]
            self.change(simulator, token.user, {"advertiser_ids": []})
            after = simulator.world.tokens[token]
            assert (after.revoked, after.missing_scopes) == (before.revoked, before.missing_scopes)

    @pytest.mark.parametrize(
        ("user", "body", "why"),
        [
            ("u-nobody", {"advertiser_ids": []}, "no user"),
            (STARTER, {"advertiser_ids": ["1"]}, "no advertiser '1'"),
            (STARTER, {"advertiser_ids": [7300000000000000001]}, "advertiser_ids.0: Input should be a valid string"),
            (STARTER, {"advertiser_ids": [[]]}, "advertiser_ids.0: Input should be a valid string"),
            (STARTER, {"advertiser_ids": "7300000000000000001"}, "advertiser_ids: Input should be a valid array"),
            (STARTER, {"advertiser_ids": [], "name": "x"}, "name: Extra inputs are not permitted"),
            (STARTER, {}, "advertiser_ids: Field required"),
            (STARTER, [], "Input should be an object"),
        ],
    )
    def test_refused(self, simulator: Simulator, user: str, body: Any, why: str) -> None:
        """An invalid change is refused with the reason, and nothing is changed."""
        before = simulator.world.copy()
        response = self.change(simulator, user, body)
        assert response.status_code == 400
        assert why in response.json()["error"]
        assert simulator.world == before

    def test_users_named_once(self, simulator: Simulator, oauth: TikTokOAuth) -> None:
        """The list of advertisers contains a user once, even with several tokens."""
        connected(simulator, oauth, DemoToken.OWNER.user)
        rows = requests.get(f"{simulator.control_url}/advertisers", timeout=5).json()["advertisers"]
        assert rows[0]["users"] == ["u-owner", "u-narrow", "u-revoked"]
