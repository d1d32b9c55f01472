"""Secrets that are written, and the app's credentials, in Secrets Manager."""

import json
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from publishing.aws.json_api import AwsError, Call
from publishing.aws.tokens import CACHE_SECONDS, token_in
from publishing.connecting.stores import NotSetUpError
from tiktok_business.oauth import App

RECOVERY_WINDOW_DAYS = 7
"""How long a removed secret can be restored: the shortest that Secrets Manager knows."""

_NOT_FOUND = "ResourceNotFoundException"
_TO_BE_DELETED = "InvalidRequestException"
_EXISTS = "ResourceExistsException"
_STORE_TRIES = 3
_PLAIN = frozenset(string.ascii_letters + string.digits + "_+.@-")


@dataclass(frozen=True, slots=True)
class SecretsManagerVault:
    """Tokens of connections, each version named by the state that it came from."""

    call: Call
    prefix: str

    def secret_id(self, team_id: str, user_id: str) -> str:
        """``<SecretPrefix>/connections/<team_id>/<user_id>``; what names may not hold is written as ``=7C``."""
        return f"{self.prefix}/connections/{_in_name(team_id)}/{_in_name(user_id)}"

    def store(self, secret_id: str, token: SecretStr, version: str) -> None:
        """Made without a value first where it does not exist: so a version always has its name."""
        value = json.dumps({"access_token": token.get_secret_value()})
        for _ in range(_STORE_TRIES):
            try:
                self.call("PutSecretValue", SecretId=secret_id, ClientRequestToken=version, SecretString=value)
            except AwsError as error:
                failure = error
            else:
                return
            if failure.code == _NOT_FOUND:
                self._create(secret_id)
            elif failure.code == _TO_BE_DELETED:
                self.call("RestoreSecret", SecretId=secret_id)
            else:
                break
        raise failure

    def version(self, secret_id: str, version: str) -> SecretStr | None:
        """Only that one, not the current."""
        return self._read(secret_id, VersionId=version)

    def current(self, secret_id: str) -> SecretStr | None:
        """As it is now."""
        return self._read(secret_id)

    def remove(self, secret_id: str) -> None:
        """With the recovery window."""
        try:
            self.call("DeleteSecret", SecretId=secret_id, RecoveryWindowInDays=RECOVERY_WINDOW_DAYS)
        except AwsError as error:
            if error.code not in {_NOT_FOUND, _TO_BE_DELETED}:
                raise

    def _create(self, secret_id: str) -> None:
        try:
            self.call(
                "CreateSecret",
                Name=secret_id,
                ClientRequestToken=uuid4().hex,
                Description="A TikTok access token of one person of a team",
            )
        except AwsError as error:
            if error.code != _EXISTS:
                raise

    def _read(self, secret_id: str, **which: str) -> SecretStr | None:
        try:
            answer = self.call("GetSecretValue", SecretId=secret_id, **which)
        except AwsError as error:
            if error.code in {_NOT_FOUND, _TO_BE_DELETED}:
                return None
            raise
        return token_in(answer.get("SecretString"))


@dataclass(slots=True)
class SecretsManagerApp:
    """The app's credentials, remembered for at most five minutes once they are there."""

    call: Call
    secret_id: str
    clock: Callable[[], float] = time.monotonic
    _remembered: tuple[App, float] | None = field(default=None, repr=False)

    def read(self) -> App:
        """The app.

        Raises:
            NotSetUpError: no such secret, or nothing filled in.
        """
        if self._remembered is not None and self.clock() < self._remembered[1]:
            return self._remembered[0]
        app = self._fetch()
        self._remembered = (app, self.clock() + CACHE_SECONDS)
        return app

    def _fetch(self) -> App:
        fields: Any = None
        try:
            fields = json.loads(self.call("GetSecretValue", SecretId=self.secret_id)["SecretString"])
        except AwsError as error:
            if error.code not in {_NOT_FOUND, _TO_BE_DELETED}:
                raise
        except (KeyError, TypeError, ValueError):
            pass  # raised below, so that the error does not hold the secret's text as its context
        app_id, secret = (fields.get(one) if isinstance(fields, dict) else None for one in ("app_id", "secret"))
        if not (isinstance(app_id, str) and app_id and isinstance(secret, str) and secret):
            raise NotSetUpError
        return App(app_id, SecretStr(secret))


def _in_name(part: str) -> str:
    """Secrets Manager allows letters, digits and ``/_+=.@-`` (API reference, CreateSecret); ids may hold others.

    ``=`` and ``/`` are escaped too, so that no two pairs of ids have one name.
    """
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else f"={byte:02X}" for byte in part.encode("utf-8", "surrogatepass")
    )
