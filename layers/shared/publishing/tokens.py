"""Whose TikTok token answers a request: which connections may be used, in which order, and how a request moves on.

:func:`candidates` is the rule (contract §3, pure); :class:`TokenFailover` applies it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from publishing.log_events import LogEvent
from publishing.ports import SecretRepository, TeamRepository, TokenUnavailableError
from publishing.teams import Connection, ConnectionStatus, Role, Team, moment
from tiktok_business.errors import AdvertiserNotAccessibleError, NoTimeLeftError, NotSentError, TokenInvalidError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from publishing.http.request_context import RequestContext
    from tiktok_business.deadline import Deadline
    from tiktok_business.endpoints import TikTokBusinessApi

BORROWING_ROLES = frozenset({Role.OWNER, Role.MANAGER})
"""Roles that may read with a teammate's token."""

logger = Logger(service="publishing", child=True)

type Work[Result] = Callable[["TikTokBusinessApi", str], Result]
"""Asks TikTok about an advertiser; raises the errors that make another token necessary."""
OpenTikTok = Callable[["SecretStr", "Deadline"], "TikTokBusinessApi"]
"""The endpoints for one token, until a deadline."""
RefreshOwnList = Callable[[Connection, datetime, "Deadline"], Connection | None]
"""Reads a connection's advertiser list from TikTok; None if it was read a moment ago or could not be read."""


class Purpose(StrEnum):
    """What the token is needed for. Writes never borrow a teammate's token."""

    READ = "read"
    WRITE = "write"


class NoTokenError(Exception):
    """No usable connection. ``detail``: ``no_advertiser``, ``token_expired`` or None."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail


class AdvertiserNotConnectedError(Exception):
    """There are usable connections, but none of them has the advertiser."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A connection that may answer, and the advertiser to ask about."""

    connection: Connection
    advertiser_id: str
    own: bool


@dataclass(frozen=True, slots=True)
class Answered[Result]:
    """A result, and the one candidate whose token it was made with."""

    candidate: Candidate
    result: Result


def candidates(
    team: Team, user_id: str, role: Role, advertiser_id: str | None, purpose: Purpose
) -> tuple[Candidate, ...]:
    """Return the connections to try: the caller's own, then those the caller may borrow, latest connected first.

    Without ``advertiser_id`` each candidate stands for the first advertiser of its own list that is not disabled.

    Raises:
        NoTokenError: no active connection may be used, or none has any advertiser.
        AdvertiserNotConnectedError: no active connection has ``advertiser_id``.
    """
    own = [one for one in team.connections if one.user_id == user_id]
    usable = [one for one in own if team.may_use(one)]
    if purpose is Purpose.READ and role in BORROWING_ROLES:
        others = [one for one in team.connections if one.user_id != user_id and team.may_use(one)]
        others.sort(key=lambda one: one.user_id)
        usable += sorted(others, key=lambda one: moment(one.connected_at), reverse=True)
    if not usable:
        expired = any(one.status == ConnectionStatus.EXPIRED for one in own)
        raise NoTokenError("token_expired" if expired else None)
    if advertiser_id is None:
        chosen = tuple(
            Candidate(one, default, one.user_id == user_id) for one in usable if (default := one.default_advertiser)
        )
        if not chosen:
            raise NoTokenError("no_advertiser")
        return chosen
    chosen = tuple(
        Candidate(one, advertiser_id, one.user_id == user_id) for one in usable if advertiser_id in one.advertiser_ids
    )
    if not chosen:
        raise AdvertiserNotConnectedError
    return chosen


@dataclass(frozen=True, slots=True)
class TokenFailover:
    """Asks TikTok with one candidate's token after another, until TikTok accepts one."""

    teams: TeamRepository
    secrets: SecretRepository
    mark_expired: Callable[[Connection], None]
    open_tiktok: OpenTikTok
    refresh_own_list: RefreshOwnList | None = None
    """Called if no connection has the advertiser; None disables this."""

    def answer_request[Result](
        self,
        context: "RequestContext",
        advertiser_id: str | None,
        work: Work[Result],
        purpose: Purpose = Purpose.READ,
    ) -> Answered[Result]:
        """Do ``work`` with the first token that the caller may use and that TikTok accepts.

        Raises:
            NoTokenError, AdvertiserNotConnectedError: as :func:`candidates`.
            AdvertiserNotAccessibleError, TikTokError: as :meth:`first_answer`.
        """
        team = self.teams.read(context.principal.team_id, advertiser_id)
        try:
            chosen = _candidates_of(context, team, advertiser_id, purpose)
        except (AdvertiserNotConnectedError, NoTokenError):
            refreshed = self._refreshed(context, team)
            if refreshed is None:
                raise
            chosen = _candidates_of(context, refreshed, advertiser_id, purpose)
        return self.first_answer(chosen, work, context.deadline)

    def first_answer[Result](
        self, chosen: tuple[Candidate, ...], work: Work[Result], deadline: "Deadline"
    ) -> Answered[Result]:
        """Do all of ``work`` with the first candidate whose token TikTok accepts.

        The connection of an invalid token is marked ``expired``, after its secret was read again in case it has been
        replaced. A token that may not operate the advertiser, or whose secret cannot be read, is passed over without a
        mark. No candidate is tried twice, and each is tried while there is time.

        Raises:
            AdvertiserNotAccessibleError: no candidate left, and TikTok denied one access to the advertiser.
            NoTokenError: no candidate left, every token is invalid or has no secret.
            NoTimeLeftError: the deadline passed before every candidate was tried.
            NotSentError: no candidate left, and one could not be tried: its token could not be read this time.
            TikTokError: any other failure of ``work``; another token would not help.
        """
        denied: AdvertiserNotAccessibleError | None = None
        unread = False
        for number, candidate in enumerate(chosen):
            if number and deadline.passed:
                raise NoTimeLeftError("", f"{len(chosen) - number} connections were not tried")
            try:
                return Answered(candidate, self._try(candidate, work, deadline))
            except TokenUnavailableError as error:
                logger.warning(LogEvent.SECRET_UNUSABLE, user_id=candidate.connection.user_id, why=error.why)
                unread = unread or error.transient
            except TokenInvalidError as error:
                logger.warning(LogEvent.TOKEN_INVALID, user_id=candidate.connection.user_id, tiktok=str(error))
                self._mark(candidate.connection, deadline)
            except AdvertiserNotAccessibleError as error:
                logger.info(LogEvent.ADVERTISER_DENIED, user_id=candidate.connection.user_id, tiktok=str(error))
                denied = error
        if unread:
            raise NotSentError("", "a token could not be read")
        if denied is not None:
            raise denied
        raise NoTokenError("token_expired")

    def _try[Result](self, candidate: Candidate, work: Work[Result], deadline: "Deadline") -> Result:
        return call_with_token_refresh(
            self.secrets,
            candidate.connection,
            lambda token: work(self.open_tiktok(token, deadline), candidate.advertiser_id),
        )

    def _mark(self, connection: Connection, deadline: "Deadline") -> None:
        from publishing.concurrency import best_effort  # noqa: PLC0415 - functions without a failover need no threads

        best_effort("mark_expired", partial(self.mark_expired, connection), deadline)

    def _refreshed(self, context: "RequestContext", team: Team) -> Team | None:
        """Return the team after the caller's own advertiser list was read again; None if it was not."""
        own = team.connection_of(context.principal.user_id)
        if self.refresh_own_list is None or own is None or not team.may_use(own):
            return None
        refreshed = self.refresh_own_list(own, context.now, context.deadline)
        return team.with_connection(refreshed) if refreshed else None


def call_with_token_refresh[Result](
    secrets: SecretRepository, connection: Connection, work: Callable[["SecretStr"], Result]
) -> Result:
    """Do ``work`` with the connection's token; if TikTok calls it invalid, with the stored one if that is another.

    A named version of a secret never changes, so its token is not read again.

    Raises:
        TokenUnavailableError: the token could not be read.
        TokenInvalidError: both tokens are invalid, or the stored one is the same.
        Exception: whatever else ``work`` raises.
    """
    token = secrets.read_token(connection)
    try:
        return work(token)
    except TokenInvalidError:
        secrets.forget_token(connection)
        if connection.secret_version is not None:
            raise
        stored = secrets.read_token(connection)
        if stored == token:
            secrets.forget_token(connection)
            raise
    try:
        return work(stored)
    except TokenInvalidError:
        secrets.forget_token(connection)
        raise


def _candidates_of(
    context: "RequestContext", team: Team, advertiser_id: str | None, purpose: Purpose
) -> tuple[Candidate, ...]:
    principal = context.principal
    return candidates(team, principal.user_id, Role.of(principal.role), advertiser_id, purpose)
