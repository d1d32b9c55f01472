"""What a function is told by its environment."""

import pytest

from publishing.environment import SettingsError, checked_url, required
from publishing.settings import Settings
from tiktok_business.models import IdentityType

GOOD = {
    "TIKTOK_API_BASE_URL": "https://business-api.tiktok.com/open_api/v1.3",
    "ACCEPTED_IDENTITY_TYPES": "TT_USER,CUSTOMIZED_USER",
}


def test_good_settings() -> None:
    """Both variables are read."""
    assert Settings.from_environment(GOOD) == Settings(
        GOOD["TIKTOK_API_BASE_URL"], (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
    )


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_variable_is_named(name: str, value: str | None) -> None:
    """The function fails in Init and says what is missing."""
    environment = {key: one for key, one in {**GOOD, name: value}.items() if one is not None}
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    "url",
    ["https://x.example/a", "http://localhost:8080", "http://127.0.0.1/a", "http://[::1]:80", "HTTPS://x.example"],
)
def test_urls_that_secrets_may_travel_to(url: str) -> None:
    """https anywhere, http on this machine."""
    assert checked_url("URL", url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://x.example",
        "http://localhost.x.example",
        "http://127.0.0.1.x.example",
        "http://127.0.0.1@x.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "ftp://localhost",
        "file:///etc/passwd",
        "//localhost",
        "localhost",
        "https://",
        "",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    """A token would travel in the clear, or nowhere."""
    with pytest.raises(SettingsError, match="JWKS_URL"):
        checked_url("JWKS_URL", url)


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("TT_USER", [IdentityType.TT_USER]),
        ("CUSTOMIZED_USER, TT_USER", [IdentityType.CUSTOMIZED_USER, IdentityType.TT_USER]),
    ],
)
def test_accepted_identity_types_keep_their_order(text: str, types: list[IdentityType]) -> None:
    """It is the order of preference."""
    settings = Settings.from_environment({**GOOD, "ACCEPTED_IDENTITY_TYPES": text})
    assert [*settings.accepted_identity_types] == types


@pytest.mark.parametrize(
    "text", ["AUTH_CODE", "TT_USER,", "TT_USER,TT_USER", "tt_user", ",", "TT_USER;CUSTOMIZED_USER"]
)
def test_other_identity_types_are_refused(text: str) -> None:
    """A typing error is told at once, not by odd answers later."""
    with pytest.raises(SettingsError, match="ACCEPTED_IDENTITY_TYPES"):
        Settings.from_environment({**GOOD, "ACCEPTED_IDENTITY_TYPES": text})


def test_required() -> None:
    """The value itself."""
    assert required({"A": "b"}, "A") == "b"
