"""Reading environment variables in Init; a missing or invalid one ends it with a message that names it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_DURATION = re.compile(r"(?P<count>[1-9]\d{0,5}) (?P<unit>second|minute|hour|day)s?")


class SettingsError(ValueError):
    """A missing or invalid environment variable; the text names it."""


def required(environment: Mapping[str, str], name: str) -> str:
    """Return the variable's value.

    Raises:
        SettingsError: absent or empty.
    """
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def checked_url(name: str, url: str) -> str:
    """Return ``url`` if secrets may be sent to it: ``https://``, or ``http://`` on a loopback host.

    Raises:
        SettingsError: any other URL.
    """
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)):
        return url
    raise SettingsError(f"{name} must be an https:// URL; http:// is for loopback hosts only")


def duration(environment: Mapping[str, str], name: str) -> timedelta:
    """Return the variable's duration, in the form of EventBridge's rates: ``1 hour``, ``90 seconds``.

    Raises:
        SettingsError: absent, or not of this form.
    """
    said = _DURATION.fullmatch(required(environment, name))
    if said is None:
        raise SettingsError(f"{name} must be a number and a unit, such as 1 hour")
    return timedelta(**{f"{said['unit']}s": int(said["count"])})
