"""Reading settings from environment variables."""

from collections.abc import Callable, Mapping

import pytest

from publishing.environment import SettingsError, checked_url, required
from publishing.settings import accepted_identity_types, tiktok_base_url
from tiktok_business.models import IdentityType

VALID = {
    "TIKTOK_API_BASE_URL": "https://business-api.tiktok.com/open_api/v1.3",
    "ACCEPTED_IDENTITY_TYPES": "TT_USER,CUSTOMIZED_USER",
}


READERS: dict[str, Callable[[Mapping[str, str]], object]] = {
    "TIKTOK_API_BASE_URL": tiktok_base_url,
    "ACCEPTED_IDENTITY_TYPES": accepted_identity_types,
}


def test_valid_settings() -> None:
    """Both variables are read."""
    assert tiktok_base_url(VALID) == VALID["TIKTOK_API_BASE_URL"]
    assert accepted_identity_types(VALID) == (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("value", [None, ""])
def test_the_error_names_a_missing_variable(name: str, value: str | None) -> None:
    """A missing or empty variable ends Init with an error that names it."""
    environment = {key: one for key, one in {**VALID, name: value}.items() if one is not None}
    with pytest.raises(SettingsError, match=name):
        READERS[name](environment)


@pytest.mark.parametrize(
    "url",
    ["https://x.example/a", "http://localhost:8080", "http://127.0.0.1/a", "http://[::1]:80", "HTTPS://x.example"],
)
def test_urls_that_secrets_may_be_sent_to(url: str) -> None:
    """https URLs of any host and http URLs of loopback hosts are accepted."""
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
def test_other_urls_are_rejected(url: str) -> None:
    """Any other URL is rejected: a token would be sent unencrypted."""
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
    """The order of the variable is the order of preference."""
    assert [*accepted_identity_types({"ACCEPTED_IDENTITY_TYPES": text})] == types


@pytest.mark.parametrize(
    "text", ["AUTH_CODE", "TT_USER,", "TT_USER,TT_USER", "tt_user", ",", "TT_USER;CUSTOMIZED_USER"]
)
def test_other_identity_types_are_rejected(text: str) -> None:
    """A typing error ends Init instead of causing wrong responses later."""
    with pytest.raises(SettingsError, match="ACCEPTED_IDENTITY_TYPES"):
        accepted_identity_types({"ACCEPTED_IDENTITY_TYPES": text})


def test_required() -> None:
    """``required`` returns the variable's value."""
    assert required({"A": "b"}, "A") == "b"
