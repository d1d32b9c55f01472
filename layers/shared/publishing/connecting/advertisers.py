"""Which advertisers a token reaches, as TikTok says it now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr

from publishing.connecting.times import in_utc
from publishing.teams import Connection
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import TikTokError
from tiktok_business.oauth import TikTokOAuth

DISABLED = frozenset({"STATUS_DISABLE", "STATUS_LIMIT"})
"""Statuses under which an ad account runs nothing and is not expected to (BUB ``enum/advertiser_status.go``).

Accounts under review are not among them: whoever waits for TikTok prepares meanwhile.
"""
MAX_LISTED = 5_000
"""Advertisers kept of one connection, so that its item stays below DynamoDB's 400 KB."""
MAX_NAMED = 1_000
"""Names and states kept of one connection, of the first advertisers."""
MAX_NAME = 60
"""Characters kept of a name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The advertisers of a token, in TikTok's order."""

    advertiser_ids: tuple[str, ...]
    names: Mapping[str, str]
    disabled: frozenset[str] | None = None
    """None: TikTok was not asked, or did not say."""

    def of(self, connection: Connection, verified_at: datetime) -> Connection:
        """The connection with this list. Who is disabled stays known where TikTok did not say."""
        disabled = connection.disabled if self.disabled is None else self.disabled
        return replace(
            connection,
            advertiser_ids=self.advertiser_ids,
            names=self.names,
            disabled=disabled & frozenset(self.advertiser_ids),
            verified_at=in_utc(verified_at),
        )


def listing(oauth: TikTokOAuth, token: SecretStr) -> Listing:
    """The list with names: one call.

    Raises:
        TikTokError: TikTok did not tell.
    """
    rows = {row.advertiser_id: row.advertiser_name for row in oauth.advertisers(token)[:MAX_LISTED]}
    named = [(key, name[:MAX_NAME]) for key, name in rows.items() if name][:MAX_NAMED]
    return Listing(tuple(rows), dict(named))


def with_statuses(found: Listing, api: TikTokBusinessApi) -> Listing:
    """The list with who of the first ones is disabled; without, where TikTok does not tell."""
    try:
        statuses = {row.advertiser_id: row.status for row in api.advertisers(found.advertiser_ids[:MAX_NAMED])}
    except TikTokError:
        return found
    return replace(found, disabled=frozenset(key for key, status in statuses.items() if status in DISABLED))
