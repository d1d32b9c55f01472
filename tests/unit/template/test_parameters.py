"""The template's parameters: names and defaults of the contract, and patterns that reject unusable values."""

import re
from datetime import timedelta

import pytest

from local.sam_template import FUNCTIONS, TEMPLATE
from publishing.environment import SettingsError, duration
from publishing.readiness.cadence import Cadence
from publishing.readiness.pacing import Pace
from publishing.repositories.messaging import MAX_DELAY
from publishing.settings import accepted_identity_types, cadence, pace, tiktok_base_url
from tests.support.product import ACCEPTED
from tiktok_business.transport import PRODUCTION_BASE_URL
from tools.lambda_runtime import ENVIRONMENT

PARAMETERS = {
    "TikTokApiBaseUrl": PRODUCTION_BASE_URL,
    "JwksUrl": None,
    "TokenIssuer": None,
    "TokenAudience": None,
    "SecretPrefix": "wevion/tiktok",
    "WizardUrl": "",
    "AuthorizerCacheSeconds": 60,
    "AllowedOrigins": "*",
    "AcceptedIdentityTypes": "TT_USER,CUSTOMIZED_USER",
    "ReadinessSchedule": "rate(1 hour)",
    "ActiveEvery": "1 hour",
    "IdleEvery": "24 hours",
    "ConfirmAfter": "5 minutes",
    "RateLimitPause": "5 minutes",
    "TikTokAppLevel": "Basic",
    "ReadinessSharePercent": 50,
    "LogLevel": "INFO",
}
"""Parameters with their defaults; None means required."""
DURATIONS = {
    "ActiveEvery": "ACTIVE_EVERY",
    "IdleEvery": "IDLE_EVERY",
    "ConfirmAfter": "CONFIRM_AFTER",
    "RateLimitPause": "RATE_LIMIT_PAUSE",
}
"""Parameters, and the environment variables that pass them to functions."""
UNITS = {one: timedelta(**{f"{one}s": 1}) for one in ("second", "minute", "hour", "day")}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_the_contracts(name: str) -> None:
    """Each parameter has the contract's default, or none."""
    assert TEMPLATE["Parameters"][name].get("Default") == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        (
            "TikTokApiBaseUrl",
            ["https://x.example/v1", "http://localhost:8080/open_api/v1.3", "http://127.0.0.1:1"],
            ["http://x.example", "http://localhost.x.example", "http://127.0.0.1@x.example", "ftp://x", ""],
        ),
        (
            "JwksUrl",
            ["https://x.example/jwks.json", "http://localhost:8080/jwks.json"],
            ["http://x.example/jwks.json", "http://localhostx/jwks.json", "x"],
        ),
        (
            "WizardUrl",
            ["", "https://app.example/campaigns", "http://localhost:5173/", "https://app.example/?tab=tiktok"],
            ["http://app.example", "http://localhost.x.example", "http://127.0.0.1@x.example", "/campaigns", "x", " "],
        ),
        ("AcceptedIdentityTypes", ["TT_USER", "CUSTOMIZED_USER,TT_USER"], ["", "AUTH_CODE", "TT_USER,TT_USER"]),
        ("AllowedOrigins", ["*", "https://app.example"], ["https://a.example,https://b.example", "", "'*'"]),
        ("SecretPrefix", ["wevion/tiktok", "x"], ["", "/x", "x/", "x/*"]),
        ("ReadinessSchedule", ["rate(5 minutes)", "cron(0 * * * ? *)"], ["", "1 hour", "rate()", "at(2026-12-01)"]),
    ],
)
def test_parameters_reject_unusable_values(name: str, valid: list[str], invalid: list[str]) -> None:
    """Unusable values are rejected at deploy time, not at the first request."""
    pattern = TEMPLATE["Parameters"][name]["AllowedPattern"]
    assert [one for one in valid if not re.fullmatch(pattern, one)] == []
    assert [one for one in invalid if re.fullmatch(pattern, one)] == []


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("ActiveEvery", "second minute hour day"),
        ("IdleEvery", "second minute hour day"),
        ("ConfirmAfter", "second minute"),
        ("RateLimitPause", "second minute hour"),
    ],
)
def test_every_duration_that_the_template_accepts_is_read(name: str, units: str) -> None:
    """The template accepts one and several of the sensible units and no others, and functions read them."""
    texts = {text: unit for unit in UNITS for text in (f"1 {unit}", f"15 {unit}s")}
    accepted = {text for text in texts if re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], text)}
    assert accepted == {text for text, unit in texts.items() if unit in units.split()}
    for text in accepted:
        count = int(text.partition(" ")[0])
        assert duration({DURATIONS[name]: text}, DURATIONS[name]) == count * UNITS[texts[text]]


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("text", ["", "1", "hour", "1h", "1  hour", " 1 hour", "-1 hour", "1.5 hours", "1 week"])
def test_an_unreadable_duration_is_rejected(name: str, text: str) -> None:
    """Durations that functions cannot read are rejected at deploy time."""
    assert not re.fullmatch(TEMPLATE["Parameters"][name]["AllowedPattern"], text)
    with pytest.raises(SettingsError, match=DURATIONS[name]):
        duration({DURATIONS[name]: text}, DURATIONS[name])


def test_a_confirmation_check_can_be_delayed_that_long() -> None:
    """SQS delays messages by 15 minutes at most: the template says so, and its default is shorter."""
    longest = f"{MAX_DELAY // timedelta(minutes=1)} minutes at most"
    assert longest == "15 minutes at most"
    assert longest in TEMPLATE["Parameters"]["ConfirmAfter"]["Description"]
    assert duration({"X": TEMPLATE["Parameters"]["ConfirmAfter"]["Default"]}, "X") <= MAX_DELAY


def test_the_tested_defaults_are_the_templates() -> None:
    """The tests' product accepts the identity types, and the transport calls the URL, of the template's defaults."""
    variables = {
        "TIKTOK_API_BASE_URL": TEMPLATE["Parameters"]["TikTokApiBaseUrl"]["Default"],
        "ACCEPTED_IDENTITY_TYPES": TEMPLATE["Parameters"]["AcceptedIdentityTypes"]["Default"],
    }
    assert accepted_identity_types(variables) == ACCEPTED
    assert tiktok_base_url(variables) == PRODUCTION_BASE_URL
    assert set(variables) <= set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])


def test_the_defaults_of_readiness_are_the_templates() -> None:
    """The defaults of intervals, level and share in code equal those of the template."""
    defaults = {name: str(one["Default"]) for name, one in TEMPLATE["Parameters"].items() if "Default" in one}
    intervals = {variable: defaults[name] for name, variable in DURATIONS.items()}
    assert cadence(intervals) == Cadence()
    level = {"TIKTOK_APP_LEVEL": defaults["TikTokAppLevel"]}
    assert pace({**level, "READINESS_SHARE_PERCENT": defaults["ReadinessSharePercent"]}) == Pace()


def test_functions_are_tested_with_the_variables_of_the_template() -> None:
    """The tests' environment has all of the template's variables but the log level."""
    of_template = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    for one in FUNCTIONS.values():
        of_template |= set(one["Properties"].get("Environment", {}).get("Variables", {}))
    tested = {name for name in ENVIRONMENT if not name.startswith("AWS_")}
    assert of_template - {"POWERTOOLS_LOG_LEVEL"} == tested
