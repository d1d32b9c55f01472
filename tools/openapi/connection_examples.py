"""Examples of connecting and of pictures for identities, made by the API's own code where it has some."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from publishing.answers.connections import ConsentAsked, Disconnected
from publishing.answers.identity_images import IdentityImage
from publishing.calls import BUDGET_SECONDS, Call, Caller
from publishing.connecting.overview import Overview
from publishing.connecting.states import new_state
from publishing.connecting.times import in_utc
from publishing.inputs import CreateIdentityImageBody, NoInput
from publishing.teams import Connection, Role, Team
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import consent_url
from tiktok_business.transport import PRODUCTION_BASE_URL
from tools.openapi.examples import NOTHING, READY, RESTRICTED, Example

CALLBACK_URL = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/live/api/v1/tiktok/connections/callback"
APP_ID = "7400000000000000555"
AUTH_CODE = "53e0b5c2a4d94b7f8f1d6a2e9c7b3d10aa45f0c1"

_NOW = datetime(2026, 11, 22, 17, tzinfo=UTC)
_OWNER = Caller("u-owner", "northlight", Role.OWNER)
_BUYER = Caller("u-buyer", "northlight", Role.MEDIA_BUYER)
_NONCE = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
_EVERYTHING = ("10", "12", "15", "60", "68", "69", "70", "80", "90")

STATE, _PENDING = new_state(_BUYER, _NOW, _NONCE)

NO_BODY = {"empty": Example("Nothing is to be said", NoInput())}

CONSENTS = {
    "created": Example(
        "Where to send the caller",
        ConsentAsked(
            authorize_url=consent_url(PRODUCTION_BASE_URL, APP_ID, STATE, CALLBACK_URL), expires_at=_PENDING.expires_at
        ),
    )
}


@dataclass(frozen=True, slots=True)
class _Known:
    connections: tuple[Connection, ...] = ()

    def read(self, team_id: str) -> Team:
        """The one team that there is."""
        return Team(team_id, connections=self.connections)


def _connection(user_id: str, days_ago: int, names: Mapping[str, str]) -> Connection:
    return Connection(
        team_id=_OWNER.team_id,
        user_id=user_id,
        status="active",
        advertiser_ids=tuple(names),
        secret_id=f"wevion/tiktok/connections/{_OWNER.team_id}/{user_id}",
        connected_at=in_utc(_NOW - timedelta(days=days_ago)),
        names=names,
        scopes=_EVERYTHING,
        verified_at=in_utc(_NOW - timedelta(hours=3)),
    )


_OWN = _connection("u-owner", 20, {READY: "Acme"})
_BUYERS = replace(
    _connection("u-buyer", 2, {NOTHING: "Acme outlet", RESTRICTED: "Acme archive"}),
    disabled=frozenset({RESTRICTED}),
    scopes=("10", "12", "15", "68", "69", "70", "90"),
)
_EXPIRED = replace(_connection("u-manager", 90, {READY: ""}), status="expired", names={}, scopes=None, verified_at=None)


def _seen(summary: str, caller: Caller, *connections: Connection) -> Example:
    call = Call(caller, Deadline.after(BUDGET_SECONDS), _NOW)
    return Example(summary, Overview(_Known(connections)).answer(call, NoInput()))


CONNECTIONS = {
    "own": _seen("A media buyer sees the own connection, whose token was granted less than is needed", _BUYER, _BUYERS),
    "team": _seen(
        "An owner sees the team's; one of them was written by another service, and has ended",
        _OWNER,
        *(_OWN, _BUYERS, _EXPIRED),
    ),
    "none": _seen("Nobody has connected TikTok", _OWNER),
}

DISCONNECTED = {"disconnected": Example("Ended, now or before", Disconnected(user_id="u-buyer"))}


def _sent(summary: str, **body: Any) -> Example:
    CreateIdentityImageBody.model_validate(body)
    return Example(summary, body)


_SMALLEST_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

NEW_IMAGES = {
    "url": _sent(
        "TikTok fetches it", advertiser_id=NOTHING, image_url="https://cdn.example.com/brands/acme/logo-512x512.png"
    ),
    "file": _sent(
        "The file itself, and of that the square in its middle",
        advertiser_id=NOTHING,
        image_base64=_SMALLEST_PNG,
        crop="center",
    ),
}

CREATED_IMAGES = {
    "created": Example(
        "In the ad account's library",
        IdentityImage(
            image_uri="ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d3",
            width=512,
            height=512,
            image_url="https://p16-sign-sg.tiktokcdn.com/ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d3.png",
        ),
    ),
    "size_unknown": Example(
        "TikTok does not say how large the picture is that it fetched, nor where it shows it",
        IdentityImage(
            image_uri="ad-site-i18n-sg/202609015d0d7a9c41b2f4e44cc6a1d4", width=None, height=None, image_url=None
        ),
    ),
}
