"""Times the preflight's handler where nothing is waited for: `without_io.py PATH[:PATH…]`.

Reads one line of JSON, {"event": …, "answers": {"<endpoint>": "<body>"}, "times": n}: TikTok's answers are there at
once, and so are team, token and what is known of the advertiser's readiness. Prints {"seconds": […], "answer": …}.
"""

import io
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

sys.path += sys.argv[1].split(":")
asked = json.loads(sys.stdin.readline())
answers, sys.stdout = sys.stdout, io.StringIO()

from pydantic import SecretStr  # noqa: E402 - the layer's

from publishing.endpoint import query_endpoint  # noqa: E402 - the layer's
from publishing.inputs import PublishCheckQuery  # noqa: E402 - the layer's
from publishing.publish_check import publish_check  # noqa: E402 - the layer's
from publishing.readiness.cadence import Cadence  # noqa: E402 - the layer's
from publishing.readiness.live import Live  # noqa: E402 - the layer's
from publishing.readiness.record import Record  # noqa: E402 - the layer's
from publishing.services import Services  # noqa: E402 - the layer's
from publishing.settings import Settings  # noqa: E402 - the layer's
from publishing.teams import Connection, Role, Team  # noqa: E402 - the layer's
from tiktok_business.api import TikTokBusinessApi  # noqa: E402 - the layer's
from tiktok_business.client import TikTokClient  # noqa: E402 - the layer's
from tiktok_business.transport import RawAnswer  # noqa: E402 - the layer's

caller = asked["event"]["requestContext"]["authorizer"]
advertiser = asked["event"]["queryStringParameters"]["advertiser_id"]
connection = Connection(caller["team_id"], caller["user_id"], "active", (advertiser,), "secret", "2026-11-01T09:00:00Z")
team = Team(caller["team_id"], {caller["user_id"]: Role.of(caller["role"])}, None, (connection,))
bodies = {endpoint: body.encode() for endpoint, body in asked["answers"].items()}


class AtOnce:
    """Stores and a TikTok whose answers are there already."""

    def read(self, asked_for: Any) -> Any:
        """The team, or the connection's token."""
        return team if isinstance(asked_for, str) else SecretStr("token")

    def send(self, _method: str, endpoint: str, **_what: Any) -> RawAnswer:
        """Answer at once."""
        return RawAnswer(200, bodies[endpoint])


class Kept:
    """The advertiser's record, which the first preflight writes and the others find fresh."""

    def __init__(self) -> None:
        self._record: Record | None = None

    def read(self, _team_id: str, _advertiser_id: str) -> Record | None:
        """The record, at once."""
        return self._record

    def write(self, record: Record) -> Record:
        """Keep it at once."""
        self._record = replace(record, revision=record.revision + 1)
        return self._record


class Context:
    """Lambda's context, as far as handlers look at it."""

    aws_request_id = "00000000-0000-4000-8000-00000000beef"

    def get_remaining_time_in_millis(self) -> int:
        """What the template's Timeout leaves."""
        return 15_000


there: Any = AtOnce()
services = Services(
    settings=Settings(),
    teams=there,
    tokens=there,
    marks=there,
    intents=there,
    open_tiktok=lambda token, deadline: TikTokBusinessApi(TikTokClient(there, token, deadline)),
)
kept: Any = Kept()
live = Live(kept, there, Cadence(), lambda: datetime.now(UTC))
handler = query_endpoint(partial(publish_check, services, live), PublishCheckQuery)
seconds = []
answer: Any = None
for _ in range(asked["times"]):
    started = time.perf_counter()
    answer = handler(asked["event"], Context())  # type: ignore[arg-type]
    seconds.append(time.perf_counter() - started)
answers.write(json.dumps({"seconds": seconds, "answer": answer}))
