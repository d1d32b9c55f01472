"""Which advertisers a connection reaches, read from TikTok."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.log_events import LogEvent
from publishing.ports import ConnectionRepository, SecretRepository
from publishing.teams import MAX_LISTED, Connection, ConnectionStatus, in_utc
from publishing.tokens import call_with_token_refresh
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TikTokError, TokenInvalidError
from tiktok_business.oauth import DeveloperApp, TikTokOAuth

DISABLED = frozenset({"STATUS_DISABLE", "STATUS_LIMIT"})
"""Statuses under which an ad account runs no ads and is not expected to (BUB ``enum/advertiser_status.go``).

Accounts under review are not among them: people prepare ads while TikTok reviews the account.
"""
MAX_STATUSES = 1_000
"""Statuses that are asked for, of a connection's first advertisers: a hundred with one call to TikTok."""
MAX_NAME = 60
"""Characters kept of a name."""
REFRESH_INTERVAL = timedelta(hours=24)
"""How often a connection's list is read."""
REFRESH_RETRY_INTERVAL = timedelta(hours=1)
"""When it is read again after a failure."""
OWN_REFRESH_SECONDS = 3.0
"""Of a request's time, for a refresh before its preflight."""

OpenOAuth = Callable[[DeveloperApp, Deadline], TikTokOAuth]
"""TikTok's OAuth endpoints for the app, until a deadline."""

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class AdvertiserList:
    """The advertisers of a token, in TikTok's order."""

    advertiser_ids: tuple[str, ...]
    names: Mapping[str, str]
    disabled: frozenset[str] | None = None
    """None: TikTok was not asked, or did not say."""

    def applied_to(self, connection: Connection, verified_at: datetime) -> Connection:
        """Return the connection with this list. Known disabled advertisers stay if TikTok did not say."""
        disabled = connection.disabled if self.disabled is None else self.disabled
        return replace(
            connection,
            advertiser_ids=self.advertiser_ids,
            names=self.names,
            disabled=disabled & frozenset(self.advertiser_ids),
            outside=None,
            verified_at=in_utc(verified_at),
        )


def read_advertisers(oauth: TikTokOAuth, token: SecretStr) -> AdvertiserList:
    """Return the list with names: one call.

    Raises:
        TikTokError: TikTok did not return it.
    """
    rows = {row.advertiser_id: row.advertiser_name for row in oauth.advertisers(token)[:MAX_LISTED]}
    return AdvertiserList(tuple(rows), {key: name[:MAX_NAME] for key, name in rows.items() if name})


def with_statuses(found: AdvertiserList, api: TikTokBusinessApi) -> AdvertiserList:
    """Return the list with which of the first advertisers are disabled; unchanged if TikTok does not say."""
    try:
        statuses = {row.advertiser_id: row.status for row in api.advertisers(found.advertiser_ids[:MAX_STATUSES])}
    except TikTokError:
        return found
    return replace(found, disabled=frozenset(key for key, status in statuses.items() if status in DISABLED))


@dataclass(frozen=True, slots=True)
class OwnListRefresher:
    """Reads the caller's own list during a request, for an ad account that was added a moment ago."""

    connections: ConnectionRepository
    secrets: SecretRepository
    open_oauth: OpenOAuth
    clock: Callable[[], datetime]

    def refresh(self, connection: Connection, now: datetime, deadline: Deadline) -> Connection | None:
        """Return the connection with TikTok's current list, ``expired`` if TikTok calls its token invalid.

        None if the list was read less than five minutes ago, or could not be read. Raises nothing: the request is
        answered with the stored list.
        """
        from publishing.concurrency import best_effort  # noqa: PLC0415 - other functions with lists need no threads

        claim = partial(self.connections.claim_own_refresh, connection, now)
        if not best_effort("claim_own_refresh", claim, deadline):
            return None
        try:
            oauth = self.open_oauth(self.secrets.app(), deadline.within(OWN_REFRESH_SECONDS))
            found = call_with_token_refresh(self.secrets, connection, partial(read_advertisers, oauth))
            refreshed = found.applied_to(self.connections.with_whole_list(connection), now)
        except TokenInvalidError as error:
            logger.warning(LogEvent.TOKEN_INVALID, user_id=connection.user_id, tiktok=str(error))
            best_effort("mark_expired", partial(self.connections.mark_expired, connection), deadline)
            return replace(connection, status=ConnectionStatus.EXPIRED)
        except Exception as error:  # noqa: BLE001 - whatever it is, the stored list answers
            why = str(error) if isinstance(error, TikTokError) else type(error).__name__
            logger.warning(LogEvent.ADVERTISERS_NOT_LISTED, user_id=connection.user_id, tiktok=why)
            return None
        save = partial(self.connections.save_list, connection, refreshed, self.clock() + REFRESH_INTERVAL)
        best_effort("save_list", save, deadline)
        logger.info(LogEvent.ADVERTISERS_LISTED, user_id=connection.user_id, advertisers=len(found.advertiser_ids))
        return refreshed
