"""The access tokens of connections in Secrets Manager, as they are read."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from publishing.aws.json_api import AwsCall, AwsError
from publishing.stores import TokenUnavailableError
from publishing.teams import Connection

CACHE_SECONDS = 300.0
"""How long a token is kept in memory at most."""
NOT_FOUND = "ResourceNotFoundException"
"""Secrets Manager's refusal where no secret has that name."""
TO_BE_DELETED = "InvalidRequestException"
"""Secrets Manager's refusal of a secret that was removed and can be restored."""
NO_NAME = "ValidationException"
"""Secrets Manager's refusal of a name that no secret can have (aws/aws-cli#6053)."""
ABSENT = frozenset({NOT_FOUND, TO_BE_DELETED, NO_NAME})
"""Refusals by which a secret counts as absent."""

_HEADER_VALUE = re.compile(r"[!-~]+")


@dataclass(slots=True)
class SecretsManagerTokens:
    """Tokens in Secrets Manager, remembered for at most ``CACHE_SECONDS``."""

    call: AwsCall
    clock: Callable[[], float] = time.monotonic
    _remembered: dict[tuple[str, str], tuple[SecretStr, float]] = field(default_factory=dict, repr=False)
    """By secret and moment of connecting: who has connected again has another token."""

    def read(self, connection: Connection) -> SecretStr:
        """The connection's token.

        Raises:
            TokenUnavailableError: no such secret, or one without an ``access_token`` that an HTTP header can hold.
        """
        self._forget_old()
        token, _ = self._remembered.get(_name(connection), (None, 0.0))
        if token is None:
            token = self._fetch(connection.secret_id)
            self._remembered[_name(connection)] = (token, self.clock() + CACHE_SECONDS)
        return token

    def drop(self, connection: Connection) -> None:
        """Forget the connection's token."""
        self._remembered.pop(_name(connection), None)

    def _forget_old(self) -> None:
        now = self.clock()
        for name, (_, until) in list(self._remembered.items()):  # a copy: others may read tokens at the same time
            if until <= now:
                self._remembered.pop(name, None)

    def _fetch(self, secret_id: str) -> SecretStr:
        try:
            answer = self.call("GetSecretValue", SecretId=secret_id)
        except AwsError as error:
            if error.code in ABSENT:
                raise TokenUnavailableError(secret_id) from None
            raise
        token = token_in(answer.get("SecretString"))
        if token is None:
            raise TokenUnavailableError(secret_id)
        return token


def _name(connection: Connection) -> tuple[str, str]:
    return connection.secret_id, connection.connected_at


def token_in(text: object) -> SecretStr | None:
    """The ``access_token`` in a secret's text; None where there is none that an HTTP header can hold."""
    try:
        token = json.loads(text)["access_token"] if isinstance(text, str) else None
    except (KeyError, TypeError, ValueError):
        return None
    return SecretStr(token) if isinstance(token, str) and _HEADER_VALUE.fullmatch(token) else None
