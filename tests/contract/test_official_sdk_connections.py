"""TikTok's official SDK connects, lists and uploads at the simulator, with the same requests as our client."""

import hashlib
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from local.demo.png import png
from local.tiktok_simulator import STARTER, DemoAdvertiser, DemoToken, Scope, Simulator
from local.tiktok_simulator.journal import ReceivedRequest, fingerprint
from local.tiktok_simulator.oauth import granted_ids
from tests.support.addresses import query_of
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TokenInvalidError
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import File, RequestsTransport
from tools.official_sdk import OfficialSdk, SdkError

EXCHANGE, LIST, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
UPLOAD = "file/image/ad/upload/"
READY, NOTHING = DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.NOTHING
NAME = "avatar-5f0e.png"


@pytest.fixture
def tiktok(running: Simulator) -> Simulator:
    running.reset()
    return running


def our_oauth(tiktok: Simulator) -> TikTokOAuth:
    """Return our OAuth client with the simulator's app."""
    app = DeveloperApp(tiktok.world.app_id, SecretStr(tiktok.world.app_secret))
    return TikTokOAuth(RequestsTransport(tiktok.base_url), app, Deadline.after(30))


def our_api(tiktok: Simulator) -> TikTokBusinessApi:
    """Return our API client with a token."""
    token = SecretStr(DemoToken.MEDIA_BUYER.value)
    return TikTokBusinessApi(TikTokClient(RequestsTransport(tiktok.base_url), token, Deadline.after(30)))


def new_code(tiktok: Simulator) -> str:
    """Consent, and return TikTok's authorization code."""
    query = {"app_id": tiktok.world.app_id, "redirect_uri": "http://127.0.0.1/back", "state": "s"}
    portal = f"{tiktok.base_url.removesuffix('/open_api/v1.3')}/portal/auth"
    return query_of(tiktok.consent(f"{portal}?{urlencode(query)}", STARTER))["auth_code"]


def credentials(tiktok: Simulator) -> dict[str, str]:
    """Return the app's credentials as request fields."""
    return {"app_id": tiktok.world.app_id, "secret": tiktok.world.app_secret}


def sent(request: ReceivedRequest) -> tuple[object, ...]:
    """Return what is compared of a request."""
    return request.method, request.path, request.query, request.body, request.token_fingerprint, request.code


def test_the_sdk_connects(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """It exchanges a code for a token and lists the token's advertisers with the SDK's own models."""
    data = sdk.call(EXCHANGE, None, body={**credentials(tiktok), "auth_code": new_code(tiktok)})
    assert data["advertiser_ids"] == [NOTHING.value, READY.value]
    assert data["scope"] == granted_ids(frozenset(Scope))
    listed = sdk.call(LIST, data["access_token"], **credentials(tiktok))
    assert listed["list"] == [
        {"advertiser_id": NOTHING.value, "advertiser_name": "Nothing"},
        {"advertiser_id": READY.value, "advertiser_name": "Everything ready"},
    ]


def test_both_exchange_alike(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """Ours sends one more field, which the SDK's model lacks: ``return_advertiser_ids`` false.

    TikTok documents it (DOC oauth2/access_token). We read the list afterwards, with a call that can be retried.
    """
    our_oauth(tiktok).exchange(SecretStr(new_code(tiktok)))
    sdk.call(EXCHANGE, None, body={**credentials(tiktok), "auth_code": new_code(tiktok)})
    ours, theirs = tiktok.requests
    assert ours.token_fingerprint is theirs.token_fingerprint is None
    assert isinstance(ours.body, dict)
    assert ours.body.pop("return_advertiser_ids") is False
    assert sent(ours) == sent(theirs)


def test_both_list_alike(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The app's secret is in the URL, the token in the header."""
    token = our_oauth(tiktok).exchange(SecretStr(new_code(tiktok))).access_token
    tiktok.requests.clear()
    our_oauth(tiktok).advertisers(token)
    sdk.call(LIST, token.get_secret_value(), **credentials(tiktok))
    ours, theirs = tiktok.requests
    assert sent(ours) == sent(theirs)
    assert ours.query.keys() == {"app_id", "secret"}
    assert ours.token_fingerprint == fingerprint(token.get_secret_value())


def test_the_sdk_reports_a_used_code(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The second exchange raises the SDK's own error."""
    body = {**credentials(tiktok), "auth_code": new_code(tiktok)}
    sdk.call(EXCHANGE, None, body=body)
    with pytest.raises(SdkError, match="TiktokSDKError: Error Code: 40110"):
        sdk.call(EXCHANGE, None, body=body)


def test_the_sdk_cannot_revoke(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The release lacks the operation (our source: BUB revoke_token); a token that we revoke is invalid for it."""
    assert REVOKE not in sdk.operations
    token = our_oauth(tiktok).exchange(SecretStr(new_code(tiktok))).access_token
    our_oauth(tiktok).revoke(token)
    with pytest.raises(SdkError, match="Error Code: 40105"):
        sdk.call(LIST, token.get_secret_value(), **credentials(tiktok))
    with pytest.raises(TokenInvalidError):
        our_oauth(tiktok).advertisers(token)


def test_both_upload_a_file_alike(tiktok: Simulator, sdk: OfficialSdk, tmp_path: Path) -> None:
    """Both send the same form, with the file's name, type and MD5."""
    content = png(64, 64)
    our_api(tiktok).upload_image(NOTHING, File(NAME, content, "image/png"))
    tiktok.world.advertisers[NOTHING].images.clear()
    (tmp_path / NAME).write_bytes(content)
    data = sdk.call(
        UPLOAD,
        DemoToken.MEDIA_BUYER,
        advertiser_id=NOTHING,
        file_name=NAME,
        upload_type="UPLOAD_BY_FILE",
        image_file=str(tmp_path / NAME),
        image_signature=hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )
    ours, theirs = tiktok.requests
    assert sent(ours) == sent(theirs)
    (image,) = tiktok.world.advertisers[NOTHING].images
    assert (data["image_id"], data["width"], data["height"]) == (image.id, 64, 64)


def test_both_upload_by_url_alike(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """Both send the same fields: the SDK as a form, ours as JSON like BUB; TikTok accepts both."""
    url = "https://cdn.example.com/logo-640x640.png"
    our_api(tiktok).upload_image_by_url(NOTHING, url, NAME)
    tiktok.world.advertisers[NOTHING].images.clear()
    arguments = {"advertiser_id": NOTHING, "file_name": NAME, "upload_type": "UPLOAD_BY_URL", "image_url": url}
    data = sdk.call(UPLOAD, DemoToken.MEDIA_BUYER, **arguments)
    ours, theirs = tiktok.requests
    assert sent(ours) == sent(theirs)
    assert (data["width"], data["height"]) == (640, 640)


@pytest.mark.usefixtures("tiktok")
def test_the_sdk_reports_a_taken_file_name(sdk: OfficialSdk) -> None:
    """A second image with the same name is rejected with TikTok's code for it."""
    arguments = {"advertiser_id": NOTHING, "file_name": NAME, "upload_type": "UPLOAD_BY_URL"}
    arguments["image_url"] = "https://cdn.example.com/logo.png"
    sdk.call(UPLOAD, DemoToken.MEDIA_BUYER, **arguments)
    with pytest.raises(SdkError, match="Error Code: 40911"):
        sdk.call(UPLOAD, DemoToken.MEDIA_BUYER, **arguments)
