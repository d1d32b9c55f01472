"""TikTok's official SDK connects, lists and uploads at the simulator; what it sends is what our client sends."""

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
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TokenRejectedError
from tiktok_business.oauth import DeveloperApp, TikTokOAuth
from tiktok_business.transport import File, RequestsTransport
from tools.official_sdk import OfficialSdk, SdkError

EXCHANGE, LISTING, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
UPLOAD = "file/image/ad/upload/"
READY, NOTHING = DemoAdvertiser.EVERYTHING_READY, DemoAdvertiser.NOTHING
NAME = "avatar-5f0e.png"


@pytest.fixture
def tiktok(running: Simulator) -> Simulator:
    running.reset()
    return running


def our_oauth(tiktok: Simulator) -> TikTokOAuth:
    """Our client, as the simulator's app."""
    app = DeveloperApp(tiktok.world.app_id, SecretStr(tiktok.world.app_secret))
    return TikTokOAuth(RequestsTransport(tiktok.base_url), app, Deadline.after(30))


def our_api(tiktok: Simulator) -> TikTokBusinessApi:
    """Our client, with a token."""
    token = SecretStr(DemoToken.MEDIA_BUYER.value)
    return TikTokBusinessApi(TikTokClient(RequestsTransport(tiktok.base_url), token, Deadline.after(30)))


def consented(tiktok: Simulator) -> str:
    """A code of TikTok's."""
    query = {"app_id": tiktok.world.app_id, "redirect_uri": "http://127.0.0.1/back", "state": "s"}
    portal = f"{tiktok.base_url.removesuffix('/open_api/v1.3')}/portal/auth"
    return query_of(tiktok.consent(f"{portal}?{urlencode(query)}", STARTER))["auth_code"]


def proof(tiktok: Simulator) -> dict[str, str]:
    """What shows that the app asks."""
    return {"app_id": tiktok.world.app_id, "secret": tiktok.world.app_secret}


def sent(request: ReceivedRequest) -> tuple[object, ...]:
    """All that is to be compared of a request."""
    return request.method, request.path, request.query, request.body, request.token_fingerprint, request.code


def test_the_sdk_connects(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """From a code to a token, and with it to the advertisers that it reaches, with the SDK's own models."""
    data = sdk.call(EXCHANGE, None, body={**proof(tiktok), "auth_code": consented(tiktok)})
    assert data["advertiser_ids"] == [NOTHING.value, READY.value]
    assert data["scope"] == granted_ids(frozenset(Scope))
    listed = sdk.call(LISTING, data["access_token"], **proof(tiktok))
    assert listed["list"] == [
        {"advertiser_id": NOTHING.value, "advertiser_name": "Nothing"},
        {"advertiser_id": READY.value, "advertiser_name": "Everything ready"},
    ]


def test_both_exchange_alike(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """Ours says one thing more, which the SDK's model does not have: that the advertisers are not to be listed.

    (TikTok's page has it: DOC oauth2/access_token; the list is asked for afterwards, by a call that may be repeated.)
    """
    our_oauth(tiktok).exchange(SecretStr(consented(tiktok)))
    sdk.call(EXCHANGE, None, body={**proof(tiktok), "auth_code": consented(tiktok)})
    ours, theirs = tiktok.requests
    assert ours.token_fingerprint is theirs.token_fingerprint is None
    assert isinstance(ours.body, dict)
    assert ours.body.pop("return_advertiser_ids") is False
    assert sent(ours) == sent(theirs)


def test_both_list_alike(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The app's secret travels in the URL, the token in the header."""
    token = our_oauth(tiktok).exchange(SecretStr(consented(tiktok))).access_token
    tiktok.requests.clear()
    our_oauth(tiktok).advertisers(token)
    sdk.call(LISTING, token.get_secret_value(), **proof(tiktok))
    ours, theirs = tiktok.requests
    assert sent(ours) == sent(theirs)
    assert ours.query.keys() == {"app_id", "secret"}
    assert ours.token_fingerprint == fingerprint(token.get_secret_value())


def test_the_sdk_understands_a_code_that_was_used(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """The second exchange is an error of the SDK's own."""
    body = {**proof(tiktok), "auth_code": consented(tiktok)}
    sdk.call(EXCHANGE, None, body=body)
    with pytest.raises(SdkError, match="TiktokSDKError: Error Code: 40110"):
        sdk.call(EXCHANGE, None, body=body)


def test_the_sdk_cannot_revoke(tiktok: Simulator, sdk: OfficialSdk) -> None:
    """It lacks the operation in this release (our source: BUB revoke_token); a token that we revoke is dead for it."""
    assert REVOKE not in sdk.operations
    token = our_oauth(tiktok).exchange(SecretStr(consented(tiktok))).access_token
    our_oauth(tiktok).revoke(token)
    with pytest.raises(SdkError, match="Error Code: 40105"):
        sdk.call(LISTING, token.get_secret_value(), **proof(tiktok))
    with pytest.raises(TokenRejectedError):
        our_oauth(tiktok).advertisers(token)


def test_both_upload_a_file_alike(tiktok: Simulator, sdk: OfficialSdk, tmp_path: Path) -> None:
    """The same form, with the file under its own name and type, and its MD5."""
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
    """The same fields; the SDK sends them as a form, ours as JSON, as BUB does; TikTok is on record with both."""
    url = "https://cdn.example.com/logo-640x640.png"
    our_api(tiktok).upload_image_by_url(NOTHING, url, NAME)
    tiktok.world.advertisers[NOTHING].images.clear()
    arguments = {"advertiser_id": NOTHING, "file_name": NAME, "upload_type": "UPLOAD_BY_URL", "image_url": url}
    data = sdk.call(UPLOAD, DemoToken.MEDIA_BUYER, **arguments)
    ours, theirs = tiktok.requests
    assert sent(ours) == sent(theirs)
    assert (data["width"], data["height"]) == (640, 640)


@pytest.mark.usefixtures("tiktok")
def test_the_sdk_understands_a_name_that_is_taken(sdk: OfficialSdk) -> None:
    """A second picture of the same name is refused with TikTok's code for it."""
    arguments = {"advertiser_id": NOTHING, "file_name": NAME, "upload_type": "UPLOAD_BY_URL"}
    arguments["image_url"] = "https://cdn.example.com/logo.png"
    sdk.call(UPLOAD, DemoToken.MEDIA_BUYER, **arguments)
    with pytest.raises(SdkError, match="Error Code: 40911"):
        sdk.call(UPLOAD, DemoToken.MEDIA_BUYER, **arguments)
