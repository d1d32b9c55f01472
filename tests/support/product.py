"""The product around stores in memory, at a simulated TikTok."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from publishing.clock import utc_now
from publishing.readiness.cadence import Cadence
from publishing.readiness.live import Live
from publishing.services import HintMemory, Services
from publishing.settings import Settings
from tests.support.in_memory_stores import InMemoryIntents, InMemoryMarks, InMemoryTeams, InMemoryTokens, secret_id_of
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.transport import RequestsTransport
from tools.in_memory_readiness import InMemoryQueue, InMemoryRecords


@dataclass(frozen=True)
class Product:
    """The product, wired to stores in memory and to a simulated TikTok."""

    teams: InMemoryTeams
    tokens: InMemoryTokens
    marks: InMemoryMarks
    intents: InMemoryIntents
    services: Services
    records: InMemoryRecords
    queue: InMemoryQueue
    live: Live
    """What preflights refresh: the records above."""

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
            self.tokens.secrets[secret_id_of(team_id, user_id)] = token


def product(
    base_url: str,
    settings: Settings | None = None,
    *,
    sleep: Callable[[float], None] = lambda _seconds: None,
    clock: Callable[[], datetime] = utc_now,
) -> Product:
    """The product at the TikTok of ``base_url``; retries do not wait, unless ``sleep`` does."""
    transport = RequestsTransport(base_url)
    hints = HintMemory()
    teams, tokens, intents = InMemoryTeams(), InMemoryTokens(), InMemoryIntents()
    marks = InMemoryMarks(teams)
    records, queue = InMemoryRecords(), InMemoryQueue(clock)
    return Product(
        teams,
        tokens,
        marks,
        intents,
        Services(
            settings=settings or Settings(tiktok_base_url=base_url),
            teams=teams,
            tokens=tokens,
            marks=marks,
            intents=intents,
            open_tiktok=lambda token, deadline: TikTokBusinessApi(
                TikTokClient(transport, token, deadline, sleep=sleep, jitter=lambda: 0.0), hints.of(token)
            ),
        ),
        records,
        queue,
        Live(records, queue, Cadence(), clock),
    )
