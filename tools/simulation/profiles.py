"""How often the real check asks which endpoint, counted at the local TikTok simulator."""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, Simulator, World, demo_world
from publishing.preflight.evidence import gather
from publishing.preflight.objectives import Requirement
from publishing.settings import Settings
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError
from tiktok_business.transport import RequestsTransport

ENDPOINTS = {
    "identity/get/": Requirement.IDENTITY,
    "pixel/list/": Requirement.PIXEL,
    "bc/get/": Requirement.CATALOG,
    "catalog/get/": Requirement.CATALOG,
    "app/list/": Requirement.APP,
    "page/get/": Requirement.LEAD_FORM,
    "page/library/get/": Requirement.LEAD_FORM,
    "advertiser/info/": None,
    "term/check/": None,
}
"""What a check asks, and the prerequisite that is unknown where it is refused; the last two are advice."""
NAMES = tuple(ENDPOINTS)
STEP_SECONDS = 0.25
"""What each call takes while it is counted: it tells which calls follow one another."""
BUDGET_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Profile:
    """The calls of one check."""

    name: str
    calls: tuple[tuple[int, int], ...]
    """Endpoint, as its place in `NAMES`, and how many calls must have come back before."""

    @property
    def chain(self) -> int:
        """How many calls follow one another."""
        return max(position for _, position in self.calls) + 1

    def count(self, endpoint: str) -> int:
        """How often an endpoint is asked."""
        return sum(1 for number, _ in self.calls if NAMES[number] == endpoint)


def measured(advertisers: Sequence[DemoAdvertiser] = tuple(DemoAdvertiser)) -> tuple[Profile, ...]:
    """Check demo advertisers with the product's own code and return what TikTok was asked for each."""
    world = demo_world()
    with Simulator(world, latency=STEP_SECONDS) as tiktok:
        transport = RequestsTransport(tiktok.base_url)
        _check(transport, world, advertisers[0])  # opens the connections
        found = []
        for advertiser in advertisers:
            tiktok.requests.clear()
            started = time.time()
            _check(transport, world, advertiser)
            calls = tuple(
                (NAMES.index(one.path), round((datetime.fromisoformat(one.time).timestamp() - started) / STEP_SECONDS))
                for one in tiktok.requests
            )
            found.append(Profile(advertiser.name, tuple(sorted(calls, key=lambda call: (call[1], call[0])))))
    return tuple(found)


def averages(profiles: Sequence[Profile]) -> dict[str, float]:
    """The calls of one check by endpoint, on average."""
    counted = Counter(NAMES[number] for one in profiles for number, _ in one.calls)
    return {name: counted[name] / len(profiles) for name in NAMES}


def _check(transport: RequestsTransport, world: World, advertiser: DemoAdvertiser) -> None:
    deadline = Deadline.after(BUDGET_SECONDS)
    token = next(
        one
        for one in world.tokens.values()
        if advertiser in one.advertiser_ids and not one.revoked and not one.missing_scopes
    )
    api = TikTokBusinessApi(TikTokClient(transport, SecretStr(token.value), deadline))
    types = Settings(tiktok_base_url="").accepted_identity_types
    with suppress(TikTokError):  # the one that is deleted at TikTok
        gather(api, advertiser, tuple(Requirement), accepted_types=types, strict=False, deadline=deadline)
