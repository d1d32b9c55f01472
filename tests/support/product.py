"""The product with in-memory repositories and a simulated TikTok."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from publishing.bootstrap import HintCache, utc_now
from publishing.readiness.cadence import Cadence
from publishing.readiness.snapshot_refresher import SnapshotRefresher
from publishing.tokens import TokenFailover
from tests.support.in_memory_repositories import (
    InMemoryConnections,
    InMemoryIdempotency,
    InMemorySecrets,
    InMemoryTeams,
    secret_id_of,
)
from tiktok_business.client import TikTokClient
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.models import IdentityType
from tiktok_business.transport import Transport
from tools.in_memory_readiness import InMemoryCheckQueue, InMemoryReadiness

ACCEPTED = (IdentityType.TT_USER, IdentityType.CUSTOMIZED_USER)
"""Identity types that satisfy a preflight, as the template has them by default."""


@dataclass(frozen=True)
class Product:
    """The product and the repositories it works on."""

    teams: InMemoryTeams
    connections: InMemoryConnections
    secrets: InMemorySecrets
    idempotency: InMemoryIdempotency
    tokens: TokenFailover
    accepted_types: tuple[IdentityType, ...]
    records: InMemoryReadiness
    queue: InMemoryCheckQueue
    refresher: SnapshotRefresher
    """Writes what preflights find to ``records``."""

    def person(
        self,
        user_id: str,
        role: str,
        token: str | None = None,
        advertiser_ids: Iterable[str] = (),
        *,
        team_id: str = "northlight",
        connected_at: str = "2026-11-01T09:00:00Z",
    ) -> None:
        """Make someone a member and, with ``token``, connect them."""
        self.teams.member(team_id, user_id, role)
        if token is not None:
            self.teams.connect(team_id, user_id, advertiser_ids, connected_at=connected_at)
            self.secrets.put(secret_id_of(team_id, user_id), token)


def product(
    transport: Transport,
    accepted_types: tuple[IdentityType, ...] = ACCEPTED,
    *,
    sleep: Callable[[float], None] = lambda _seconds: None,
    clock: Callable[[], datetime] = utc_now,
) -> Product:
    """Return a product that calls TikTok over this transport; retries do not wait, unless ``sleep`` does."""
    hints = HintCache()
    teams, secrets = InMemoryTeams(), InMemorySecrets()
    connections = InMemoryConnections(teams)
    records, queue = InMemoryReadiness(), InMemoryCheckQueue(clock)
    tokens = TokenFailover(
        teams,
        secrets,
        connections.mark_expired,
        lambda token, deadline: TikTokBusinessApi(
            TikTokClient(transport, token, deadline, sleep=sleep, jitter=lambda: 0.0), hints.of(token)
        ),
    )
    return Product(
        teams,
        connections,
        secrets,
        InMemoryIdempotency(),
        tokens,
        accepted_types,
        records,
        queue,
        SnapshotRefresher(records, queue, Cadence(), clock),
    )
