"""The secrets of connections in Secrets Manager, as they are written."""

import json
import string
from dataclasses import dataclass
from uuid import uuid4

from pydantic import SecretStr

from publishing.aws.json_api import AwsCall, AwsError
from publishing.aws.tokens import ABSENT, NOT_FOUND, TO_BE_DELETED, token_in

RECOVERY_WINDOW_DAYS = 7
"""How long a removed secret can be restored: the shortest that Secrets Manager knows."""

_EXISTS = "ResourceExistsException"
_STORE_TRIES = 3
_PLAIN = frozenset(string.ascii_letters + string.digits + "_+.@-")


@dataclass(frozen=True, slots=True)
class SecretsManagerVault:
    """Tokens of connections, each version named by the state that it came from."""

    call: AwsCall
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
            if failure.code == NOT_FOUND:
                self._create(secret_id)
            elif failure.code == TO_BE_DELETED:
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
            if error.code not in ABSENT:
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
            if error.code in ABSENT:
                return None
            raise
        return token_in(answer.get("SecretString"))


def _in_name(part: str) -> str:
    """Secrets Manager allows letters, digits and ``/_+=.@-`` (API reference, CreateSecret); ids may hold others.

    ``=`` and ``/`` are escaped too, so that no two pairs of ids have one name.
    """
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else f"={byte:02X}" for byte in part.encode("utf-8", "surrogatepass")
    )
