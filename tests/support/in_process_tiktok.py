"""The simulated TikTok without a socket, for tests of what the product does between its calls."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from local.tiktok_simulator import Simulator
from local.tiktok_simulator.http_messages import HttpRequest
from tiktok_business.deadline import Deadline
from tiktok_business.errors import NoTimeLeftError
from tiktok_business.transport import Body, Form, RawAnswer, RequestsTransport

_BASE_PATH = "/open_api/v1.3/"


@dataclass(frozen=True)
class InProcessTransport:
    """Gives requests to the simulator's own handler, which takes a tenth of the time of HTTP.

    While the simulator has a fault, requests go over HTTP: most faults are faults of the connection.
    """

    tiktok: Simulator
    http: RequestsTransport

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        if self.tiktok.faults or isinstance(body, Form):
            return self.http.send(method, endpoint, token=token, deadline=deadline, params=params, body=body)
        if deadline.passed:
            raise NoTimeLeftError(endpoint, "no time left to ask")
        query = {name: one if isinstance(one, str) else json.dumps(one) for name, one in (params or {}).items()}
        request = HttpRequest(
            method,
            f"{_BASE_PATH}{endpoint}?{urlencode(query)}",
            token=None if token is None else token.get_secret_value(),
            origin=None,
            content_type="application/json",
            body=b"" if body is None else json.dumps(body).encode(),
        )
        response = self.tiktok.respond(request).response
        return RawAnswer(response.status, response.body)
