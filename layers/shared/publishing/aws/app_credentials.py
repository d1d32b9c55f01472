"""The credentials of our app in Secrets Manager."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from publishing.aws.json_api import AwsCall, AwsError
from publishing.aws.tokens import ABSENT, CACHE_SECONDS
from publishing.connecting.stores import NotSetUpError
from tiktok_business.oauth import DeveloperApp


@dataclass(slots=True)
class SecretsManagerApp:
    """The app's credentials, remembered for at most five minutes once they are there."""

    call: AwsCall
    secret_id: str
    clock: Callable[[], float] = time.monotonic
    _remembered: tuple[DeveloperApp, float] | None = field(default=None, repr=False)

    def read(self) -> DeveloperApp:
        """The app.

        Raises:
            NotSetUpError: no such secret, or nothing filled in.
        """
        if self._remembered is not None and self.clock() < self._remembered[1]:
            return self._remembered[0]
        app = self._fetch()
        self._remembered = (app, self.clock() + CACHE_SECONDS)
        return app

    def _fetch(self) -> DeveloperApp:
        fields: Any = None
        try:
            fields = json.loads(self.call("GetSecretValue", SecretId=self.secret_id)["SecretString"])
        except AwsError as error:
            if error.code not in ABSENT:
                raise
        except (KeyError, TypeError, ValueError):
            pass  # raised below, so that the error does not hold the secret's text as its context
        app_id, secret = (fields.get(one) if isinstance(fields, dict) else None for one in ("app_id", "secret"))
        if not (isinstance(app_id, str) and app_id and isinstance(secret, str) and secret):
            raise NotSetUpError
        return DeveloperApp(app_id, SecretStr(secret))
