"""Environment variables, read once in Init: absent and unusable ones end it with a sentence that names them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_DURATION = re.compile(r"(?P<count>[1-9]\d{0,5}) (?P<unit>second|minute|hour|day)s?")


class SettingsError(ValueError):
    """An environment variable that the function cannot work with; the text names it."""


def required(environment: Mapping[str, str], name: str) -> str:
    """The variable's value.

    Raises:
        SettingsError: absent or empty.
    """
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def checked_url(name: str, url: str) -> str:
    """``url``, if it is one that secrets may travel to: ``https://``, or ``http://`` on a loopback host.

    Raises:
        SettingsError: any other URL.
    """
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)):
        return url
    raise SettingsError(f"{name} must be an https:// URL; http:// is for loopback hosts only")


def duration(environment: Mapping[str, str], name: str) -> timedelta:
    """The time that the variable says, as EventBridge says it in a rate: ``1 hour``, ``90 seconds``.

    Raises:
        SettingsError: absent, or not of this form.
    """
    said = _DURATION.fullmatch(required(environment, name))
    if said is None:
        raise SettingsError(f"{name} must be a number and a unit, such as 1 hour")
    return timedelta(**{f"{said['unit']}s": int(said["count"])})
