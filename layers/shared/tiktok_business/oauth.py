"""TikTok's OAuth for advertisers: from a person's consent to an access token, and back.

These endpoints want the app's own secret, one of them in its URL (``oauth2/advertiser/get/``). Neither a URL nor what
was sent is ever part of an error, and what TikTok says is freed from the secrets that were sent.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.errors import RequestRejectedError, TokenRejectedError, UnexpectedResponseError
from tiktok_business.models import Id, OptionalText, read_data
from tiktok_business.transport import Transport

CONSENT_PATH = "/portal/auth"
"""Of the consent page, on the API's own host (EVA authentication, 2026-08-13)."""


_APP_AND_TOKEN = frozenset({40000, 40113})
"""TikTok's codes for a token of another app (PostHog/posthog#78577); others call a token dead as such."""


@dataclass(frozen=True, slots=True)
class DeveloperApp:
    """The developer app as which TikTok is asked."""

    app_id: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed the app."""

    access_token: SecretStr
    scopes: tuple[str, ...] | None
    """Ids of the granted permissions; None where TikTok does not say."""


class ReachableAdvertiser(BaseModel):
    """A row of ``oauth2/advertiser/get/`` (DOC:1738455508553729)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    advertiser_id: Id
    advertiser_name: OptionalText = None


def _ids_or_none(value: object) -> object:
    """Numbers of up to 19 digits, as texts. Anything else is no information: the token must not be lost over it."""
    if not isinstance(value, list) or not all(type(one) in {int, str} for one in value):
        return None
    return [str(one) for one in value]


class _AccessToken(BaseModel):
    access_token: SecretStr
    scope: Annotated[list[str] | None, BeforeValidator(_ids_or_none)] = None


class _Reachable(BaseModel):
    list: list[ReachableAdvertiser]


def consent_url(api_base_url: str, app_id: str, state: str, redirect_uri: str) -> str:
    """The page on which a person allows the app its access, and from which TikTok sends them to ``redirect_uri``.

    ``redirect_uri`` is one of those that the app is registered with; ``state`` comes back with them as it is.
    """
    parts = urlsplit(api_base_url)
    query = urlencode({"app_id": app_id, "state": state, "redirect_uri": redirect_uri})
    return f"{parts.scheme}://{parts.netloc}{CONSENT_PATH}?{query}"


@dataclass(frozen=True, slots=True)
class TikTokOAuth:
    """The endpoints as one app sees them, until a deadline. ``sleep`` and ``jitter`` are the client's."""

    transport: Transport
    app: DeveloperApp
    deadline: Deadline
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def exchange(self, auth_code: SecretStr) -> Grant:
        """``oauth2/access_token/``: an ``auth_code`` (good for an hour, and once) for a long-term access token.

        TikTok is asked not to list the advertisers, which takes it too long where there are thousands (DOC:
        oauth2/access_token): this is the one call that cannot be repeated.

        Raises:
            TikTokError: 40110 where the code was used, cancelled or has expired.
        """
        endpoint = "oauth2/access_token/"
        data = self._client(None, auth_code).post(
            endpoint, {**self._proof(), "auth_code": auth_code.get_secret_value(), "return_advertiser_ids": False}
        )
        read = read_data(endpoint, _AccessToken, data)
        if not read.access_token.get_secret_value():
            raise UnexpectedResponseError(endpoint, "code 0 without a token", code=0)
        return Grant(read.access_token, None if read.scope is None else tuple(read.scope))

    def advertisers(self, token: SecretStr) -> tuple[ReachableAdvertiser, ...]:
        """``oauth2/advertiser/get/``, scope 100: every advertiser that the token reaches, in TikTok's order.

        There are no pages. The app's secret travels in the URL.
        """
        endpoint = "oauth2/advertiser/get/"
        with _about_the_app():
            data = self._client(token).get(endpoint, self._proof())
        return tuple(read_data(endpoint, _Reachable, data).list)

    def revoke(self, token: SecretStr) -> None:
        """``oauth2/revoke_token/``: end the token. One that is dead already counts as done (BUB ``revoke_token``).

        It goes in the header too. Some clients send it in the body alone, but were TikTok to miss it in the header, its
        refusal (40104) would be that of a dead token.
        """
        client = self._client(token)
        with suppress(TokenRejectedError), _about_the_app():
            client.post("oauth2/revoke_token/", {**self._proof(), "access_token": token.get_secret_value()})

    def _proof(self) -> dict[str, str]:
        return {"app_id": self.app.app_id, "secret": self.app.secret.get_secret_value()}

    def _client(self, token: SecretStr | None, *hidden: SecretStr) -> TikTokClient:
        return TikTokClient(
            self.transport, token, self.deadline, self.sleep, self.jitter, hidden=(self.app.secret, *hidden)
        )


@contextmanager
def _about_the_app() -> Iterator[None]:
    """Where app and token do not fit each other it may be the app's credentials that are wrong: the token may live.

    Raises:
        RequestRejectedError: TikTok says so.
    """
    try:
        yield
    except TokenRejectedError as error:
        if error.code not in _APP_AND_TOKEN:
            raise
        mismatch = RequestRejectedError(error.endpoint, error.message, code=error.code, request_id=error.request_id)
    else:
        return
    raise mismatch
