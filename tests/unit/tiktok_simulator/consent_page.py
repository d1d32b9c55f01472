"""The address of the simulated TikTok's consent page, and the code in its redirect."""

from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from local.tiktok_simulator import Simulator
from tiktok_business.oauth import consent_url

CALLBACK = "http://127.0.0.1:9/callback"


def page_of(simulator: Simulator, redirect_uri: str = CALLBACK, state: str = "state-1") -> str:
    return consent_url(simulator.base_url, simulator.world.app_id, state, redirect_uri)


def code_in(location: str) -> SecretStr:
    return SecretStr(dict(parse_qsl(urlsplit(location).query))["auth_code"])
