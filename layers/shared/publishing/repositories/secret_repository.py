"""Access tokens of connections and the app's credentials, in Secrets Manager."""

import json
import re
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import SecretStr

from publishing.ports import AppNotConfiguredError, TokenUnavailableError
from publishing.repositories.json_api import AwsCall, AwsError
from publishing.teams import Connection, moment

if TYPE_CHECKING:
    from tiktok_business.oauth import DeveloperApp

CACHE_SECONDS = 300.0
"""How long a secret stays in memory at most."""
RECOVERY_WINDOW_DAYS = 7
"""How long a removed secret can be restored: the shortest that Secrets Manager allows."""
NOT_FOUND = "ResourceNotFoundException"
"""Secrets Manager's error code if no secret has that name."""
TO_BE_DELETED = "InvalidRequestException"
"""Secrets Manager's error code for a secret that is scheduled for deletion."""
INVALID_NAME = "ValidationException"
"""Secrets Manager's error code for a name that no secret can have (aws/aws-cli#6053)."""
ABSENT = frozenset({NOT_FOUND, TO_BE_DELETED, INVALID_NAME})
"""Error codes that mean that there is no such secret."""
DENIED = frozenset({"AccessDeniedException", "DecryptionFailure"})
"""Error codes for a secret that this service may not use: it is outside the prefix, or its key is another's."""
SETTLING = timedelta(minutes=1)
"""How long after connecting a new version may not be found: changes of a secret are eventually consistent. This service
stores a token within seconds of ``connected_at``, when TikTok granted it, also if the completion is repeated later."""

_EXISTS = "ResourceExistsException"
_STORE_TRIES = 3
_ALLOWED_IN_NAME = frozenset(string.ascii_letters + string.digits + "_+.@-")
_HEADER_VALUE = re.compile(r"[!-~]+")


@dataclass(slots=True)
class SecretsManagerRepository:
    """Secrets below one prefix. Tokens and the app's credentials are cached for at most ``CACHE_SECONDS``."""

    call: AwsCall
    prefix: str
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _tokens: dict[tuple[str, str, str | None], tuple[SecretStr, float]] = field(default_factory=dict, repr=False)
    """Token and end of its cache time, by secret, moment of connecting and version: connected again, another token."""
    _app: "tuple[DeveloperApp, float] | None" = field(default=None, repr=False)

    def read_token(self, connection: Connection) -> SecretStr:
        """Return the connection's token.

        Raises:
            TokenUnavailableError: no such secret or version, no ``access_token`` in it that an HTTP header can hold, or
                Secrets Manager refused or did not answer.
        """
        self._drop_old()
        token, _ = self._tokens.get(_cache_key(connection), (None, 0.0))
        if token is None:
            token = self._stored_token(connection)
            self._tokens[_cache_key(connection)] = (token, self.clock() + CACHE_SECONDS)
        return token

    def forget_token(self, connection: Connection) -> None:
        """Remove the connection's token from the cache."""
        self._tokens.pop(_cache_key(connection), None)

    def secret_id(self, team_id: str, user_id: str) -> str:
        """Return ``<SecretPrefix>/connections/<team_id>/<user_id>``, with ``=7C`` for characters names may not hold."""
        return f"{self.prefix}/connections/{_in_name(team_id)}/{_in_name(user_id)}"

    def store(self, secret_id: str, token: SecretStr, version: str) -> None:
        """Create an absent secret without a value first, so that every version has its name."""
        value = json.dumps({"access_token": token.get_secret_value()})
        for _ in range(_STORE_TRIES):
            try:
                self.call("PutSecretValue", SecretId=secret_id, ClientRequestToken=version, SecretString=value)
            except AwsError as error:
                failure = error
            else:
                return
            if failure.code == NOT_FOUND:
                self._create(secret_id)
            elif failure.code == TO_BE_DELETED:
                self.call("RestoreSecret", SecretId=secret_id)
            else:
                break
        raise failure

    def version(self, secret_id: str, version: str) -> SecretStr | None:
        """Return the token of exactly this version."""
        return self._read(secret_id, VersionId=version)

    def current(self, secret_id: str) -> SecretStr | None:
        """Return the token of the current version."""
        return self._read(secret_id)

    def remove(self, secret_id: str) -> None:
        """Delete the secret after ``RECOVERY_WINDOW_DAYS``."""
        try:
            self.call("DeleteSecret", SecretId=secret_id, RecoveryWindowInDays=RECOVERY_WINDOW_DAYS)
        except AwsError as error:
            if error.code not in ABSENT:
                raise _unless_denied(secret_id, error) from None

    def app(self) -> "DeveloperApp":
        """Return the credentials in ``<SecretPrefix>/app``.

        Raises:
            AppNotConfiguredError: no such secret, or it has not been filled in.
            AwsError: Secrets Manager refused, or did not answer.
        """
        if self._app is not None and self.clock() < self._app[1]:
            return self._app[0]
        app = self._fetch_app()
        self._app = (app, self.clock() + CACHE_SECONDS)
        return app

    def _fetch_app(self) -> "DeveloperApp":
        from tiktok_business.oauth import DeveloperApp  # noqa: PLC0415 - functions that never connect do without it

        fields: Any = None
        try:
            fields = json.loads(self.call("GetSecretValue", SecretId=f"{self.prefix}/app")["SecretString"])
        except AwsError as error:
            if error.code not in ABSENT:
                raise
        except (KeyError, TypeError, ValueError):
            pass  # raised below, so that the error does not hold the secret's text as its context
        app_id, secret = (fields.get(one) if isinstance(fields, dict) else None for one in ("app_id", "secret"))
        if not (isinstance(app_id, str) and app_id.strip() and isinstance(secret, str) and secret.strip()):
            raise AppNotConfiguredError
        return DeveloperApp(app_id, SecretStr(secret))

    def _stored_token(self, connection: Connection) -> SecretStr:
        """Return the token of the version that the connection names; without one, of the current version.

        A version never changes, so a read just after a reconnection finds the new token or none. It may find none for a
        moment (Secrets Manager User Guide, "Eventual consistency"): then the failure is transient.
        """
        secret_id, version = connection.secret_id, connection.secret_version
        try:
            token = self.current(secret_id) if version is None else self.version(secret_id, version)
        except AwsError as error:
            raise TokenUnavailableError(secret_id, error.code, transient=True) from None
        if token is None:
            settling = version is not None and self.now() < moment(connection.connected_at) + SETTLING
            raise TokenUnavailableError(secret_id, transient=settling)
        return token

    def _drop_old(self) -> None:
        now = self.clock()
        for key, (_, until) in list(self._tokens.items()):  # a copy: other threads may read tokens at the same time
            if until <= now:
                self._tokens.pop(key, None)

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
            if error.code in ABSENT:
                return None
            raise _unless_denied(secret_id, error) from None
        return _token_in(answer.get("SecretString"))


def _cache_key(connection: Connection) -> tuple[str, str, str | None]:
    return connection.secret_id, connection.connected_at, connection.secret_version


def _unless_denied(secret_id: str, error: AwsError) -> Exception:
    """Return the error for a secret that this service may not use; any other failure unchanged."""
    return TokenUnavailableError(secret_id, error.code) if error.code in DENIED else error


def _token_in(text: str | None) -> SecretStr | None:
    """Return the ``access_token`` in a secret's text; None if there is none that an HTTP header can hold."""
    try:
        token = json.loads(text)["access_token"] if isinstance(text, str) else None
    except (KeyError, TypeError, ValueError):
        return None
    return SecretStr(token) if isinstance(token, str) and _HEADER_VALUE.fullmatch(token) else None


def _in_name(part: str) -> str:
    """Secrets Manager allows letters, digits and ``/_+=.@-`` (API reference, CreateSecret); ids may hold others.

    ``=`` and ``/`` are escaped too, so that no two pairs of ids have one name.
    """
    return "".join(
        chr(byte) if chr(byte) in _ALLOWED_IN_NAME else f"={byte:02X}" for byte in part.encode("utf-8", "surrogatepass")
    )
