"""Measures the preflight's handler without I/O: `without_io.py PATH[:PATH…]`.

Reads one line of JSON, {"event": …, "responses": {"<endpoint>": "<body>"}, "times": n}: TikTok's responses, the team,
the token and the readiness record are available at once. Prints {"seconds": […], "answer": …}.
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
job = json.loads(sys.stdin.readline())
output, sys.stdout = sys.stdout, io.StringIO()

from pydantic import SecretStr  # noqa: E402 - the layer's

from publishing.http.endpoint import query_endpoint  # noqa: E402 - the layer's
from publishing.http.request_schemas import PublishCheckQuery  # noqa: E402 - the layer's
from publishing.publish_check import publish_check  # noqa: E402 - the layer's
from publishing.readiness.cadence import Cadence  # noqa: E402 - the layer's
from publishing.readiness.record import Record  # noqa: E402 - the layer's
from publishing.readiness.snapshot_refresher import SnapshotRefresher  # noqa: E402 - the layer's
from publishing.teams import Connection, Role, Team  # noqa: E402 - the layer's
from publishing.tokens import TokenFailover  # noqa: E402 - the layer's
from tiktok_business.client import TikTokClient  # noqa: E402 - the layer's
from tiktok_business.endpoints import TikTokBusinessApi  # noqa: E402 - the layer's
from tiktok_business.models import IdentityType  # noqa: E402 - the layer's
from tiktok_business.transport import RawAnswer  # noqa: E402 - the layer's

caller = job["event"]["requestContext"]["authorizer"]
advertiser = job["event"]["queryStringParameters"]["advertiser_id"]
connection = Connection(caller["team_id"], caller["user_id"], "active", (advertiser,), "secret", "2026-11-01T09:00:00Z")
team = Team(caller["team_id"], {caller["user_id"]: Role.of(caller["role"])}, None, (connection,))
bodies = {endpoint: body.encode() for endpoint, body in job["responses"].items()}


class Immediate:
    """Repositories and a transport that return at once."""

    def read(self, _team_id: str, _advertiser_id: str | None = None) -> Team:
        """Return the team."""
        return team

    def read_token(self, _connection: Connection) -> SecretStr:
        """Return the connection's token."""
        return SecretStr("token")

    def send(self, _method: str, endpoint: str, **_arguments: Any) -> RawAnswer:
        """Return TikTok's response."""
        return RawAnswer(200, bodies[endpoint])


class OneRecord:
    """The advertiser's record, which the first preflight writes and the others find current."""

    def __init__(self) -> None:
        self._record: Record | None = None

    def read(self, _team_id: str, _advertiser_id: str) -> Record | None:
        """Return the record."""
        return self._record

    def write(self, record: Record) -> Record:
        """Store the record."""
        self._record = replace(record, revision=record.revision + 1)
        return self._record


class Context:
    """The part of Lambda's context that handlers use."""

    aws_request_id = "00000000-0000-4000-8000-00000000beef"

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time: the template's Timeout."""
        return 15_000


immediate: Any = Immediate()
tokens = TokenFailover(
    teams=immediate,
    secrets=immediate,
    mark_expired=lambda _connection: None,
    open_tiktok=lambda token, deadline: TikTokBusinessApi(TikTokClient(immediate, token, deadline)),
)
records: Any = OneRecord()
refresher = SnapshotRefresher(records, immediate, Cadence(), lambda: datetime.now(UTC))
accepted = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
handler = query_endpoint(partial(publish_check, tokens, refresher, accepted), PublishCheckQuery)
seconds = []
response: Any = None
for _ in range(job["times"]):
    started = time.perf_counter()
    response = handler(job["event"], Context())  # type: ignore[arg-type]
    seconds.append(time.perf_counter() - started)
output.write(json.dumps({"seconds": seconds, "answer": response}))
