"""TikTok's OAuth for advertisers: from a person's consent to an access token, and its revocation.

These endpoints require the app's secret, one of them in its URL (``oauth2/advertiser/get/``). Errors contain neither
URLs nor what was sent, and secrets are removed from TikTok's texts.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

from tiktok_business.deadline import Deadline
from tiktok_business.errors import RequestRejectedError, TokenInvalidError, UnexpectedResponseError
from tiktok_business.models import Id, OptionalText, parse_data, usable_token

if TYPE_CHECKING:
    from tiktok_business.client import TikTokClient
    from tiktok_business.transport import Transport

CONSENT_PATH = "/portal/auth"
"""Path of the consent page, on the API's own host (EVA authentication, 2026-08-13)."""


_APP_MISMATCH = frozenset({40000, 40113})
"""TikTok's codes for a token of another app (PostHog/posthog#78577); other codes call the token itself invalid."""


@dataclass(frozen=True, slots=True)
class DeveloperApp:
    """The developer app whose credentials are sent."""

    app_id: str
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person granted to the app."""

    access_token: SecretStr
    scopes: tuple[str, ...] | None
    """Ids of the granted permissions; None if TikTok does not say."""


class ReachableAdvertiser(BaseModel):
    """A row of ``oauth2/advertiser/get/`` (DOC:1738455508553729)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    advertiser_id: Id
    advertiser_name: OptionalText = None


def _ids_or_none(value: Any) -> Any:
    """Return numbers of up to 19 digits as strings. Anything else is no information and must not cost the token."""
    if not isinstance(value, list) or not all(type(one) in {int, str} for one in value):
        return None
    return [str(one) for one in value]


class _AccessToken(BaseModel):
    access_token: SecretStr
    scope: Annotated[list[str] | None, BeforeValidator(_ids_or_none)] = None


class _Reachable(BaseModel):
    list: list[ReachableAdvertiser]


def consent_url(api_base_url: str, app_id: str, state: str, redirect_uri: str) -> str:
    """Return the page on which a person grants access, and from which TikTok redirects them to ``redirect_uri``.

    ``redirect_uri`` must be registered with the app; ``state`` comes back unchanged.
    """
    parts = urlsplit(api_base_url)
    query = urlencode({"app_id": app_id, "state": state, "redirect_uri": redirect_uri})
    return f"{parts.scheme}://{parts.netloc}{CONSENT_PATH}?{query}"


@dataclass(frozen=True, slots=True)
class TikTokOAuth:
    """The OAuth endpoints for one app, until a deadline. ``sleep`` and ``jitter`` are the client's."""

    transport: "Transport"
    app: DeveloperApp
    deadline: Deadline
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def exchange(self, auth_code: SecretStr) -> Grant:
        """``oauth2/access_token/``: an ``auth_code`` (valid for an hour and for one use) for a long-term access token.

        Asks TikTok not to list the advertisers, which takes too long for thousands of them (DOC: oauth2/access_token):
        this is the only call that cannot be repeated.

        Raises:
            TikTokError: 40110 if the code was used, cancelled or has expired.
        """
        endpoint = "oauth2/access_token/"
        data = self._client(None, auth_code).post(
            endpoint, {**self._proof(), "auth_code": auth_code.get_secret_value(), "return_advertiser_ids": False}
        )
        read = parse_data(endpoint, _AccessToken, data)
        if not usable_token(read.access_token):
            raise UnexpectedResponseError(endpoint, "code 0 without a usable token", code=0)
        return Grant(read.access_token, None if read.scope is None else tuple(read.scope))

    def advertisers(self, token: SecretStr) -> tuple[ReachableAdvertiser, ...]:
        """``oauth2/advertiser/get/``, scope 100: every advertiser that the token reaches, in TikTok's order.

        There are no pages. The URL contains the app's secret.
        """
        endpoint = "oauth2/advertiser/get/"
        with _app_mismatch_as_rejection():
            data = self._client(token).get(endpoint, self._proof())
        return tuple(parse_data(endpoint, _Reachable, data).list)

    def revoke(self, token: SecretStr) -> None:
        """``oauth2/revoke_token/``: revoke the token (BUB ``revoke_token``).

        The token is sent in the header too. Some clients send it in the body only; but if TikTok missed it in the
        header, its refusal (40104) would look like that of an invalid token.

        Raises:
            TokenInvalidError: there is nothing left to revoke.
            TikTokError: not revoked.
        """
        client = self._client(token)
        with _app_mismatch_as_rejection():
            client.post("oauth2/revoke_token/", {**self._proof(), "access_token": token.get_secret_value()})

    def _proof(self) -> dict[str, str]:
        return {"app_id": self.app.app_id, "secret": self.app.secret.get_secret_value()}

    def _client(self, token: SecretStr | None, *redact: SecretStr) -> "TikTokClient":
        from tiktok_business.client import TikTokClient  # noqa: PLC0415 - a consent URL needs no HTTP client

        return TikTokClient(
            self.transport, token, self.deadline, self.sleep, self.jitter, redact=(self.app.secret, *redact)
        )


@contextmanager
def _app_mismatch_as_rejection() -> Iterator[None]:
    """If app and token do not match, the app's credentials may be wrong and the token valid.

    Raises:
        RequestRejectedError: TikTok reports a mismatch.
    """
    try:
        yield
    except TokenInvalidError as error:
        if error.code not in _APP_MISMATCH:
            raise
        mismatch = RequestRejectedError(error.endpoint, error.message, code=error.code, request_id=error.request_id)
    else:
        return
    raise mismatch
