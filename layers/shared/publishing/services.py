"""What the actions work with, and the answer of the first token that TikTok accepts; made once, in Init."""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256

from pydantic import SecretStr

from publishing.aws.clients import dynamodb_client
from publishing.aws.intents import DynamoDBIntents
from publishing.aws.json_api import SECRETS_MANAGER, JsonApi
from publishing.aws.marks import DynamoDBMarks
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.aws.tokens import SecretsManagerTokens
from publishing.calls import Call
from publishing.intents import Intents
from publishing.session import Answered, Result, Session, Work
from publishing.settings import Settings
from publishing.stores import Marks, OwnLists, Tokens
from publishing.teams import Role, Teams
from publishing.token_choice import AdvertiserNotConnectedError, Candidate, NoTokenError, Purpose, candidates
from tiktok_business.api import Hints, TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.transport import READ_TIMEOUT_SECONDS, RequestsTransport, trusting_context

OpenTikTok = Callable[[SecretStr, Deadline], TikTokBusinessApi]
"""The endpoints as one token sees them, until a deadline."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the actions are given."""

    settings: Settings
    teams: Teams
    tokens: Tokens
    marks: Marks
    intents: Intents
    open_tiktok: OpenTikTok
    own_lists: OwnLists | None = None
    """Asked where the caller's own connection lacks the advertiser; None where it is not."""

    def first_answer(
        self, call: Call, advertiser_id: str | None, work: Work[Result], purpose: Purpose = Purpose.READ
    ) -> Answered[Result]:
        """Do ``work`` with the first token that the caller may use and that TikTok accepts.

        Raises:
            NoTokenError, AdvertiserNotConnectedError: as in :func:`publishing.token_choice.candidates`.
            AdvertiserNotAccessibleError, TikTokError: as in :meth:`publishing.session.Session.first_answer`.
        """
        chosen = self._candidates(call, advertiser_id, purpose)
        session = Session(self.tokens, self.marks, partial(self._open, call.deadline))
        return session.first_answer(chosen, work)

    def _candidates(self, call: Call, advertiser_id: str | None, purpose: Purpose) -> tuple[Candidate, ...]:
        """The team's candidates; where there are none, once more after the caller's own list was read again."""
        team = self.teams.read(call.caller.team_id)
        choose = partial(
            candidates,
            user_id=call.caller.user_id,
            role=Role.of(call.caller.role),
            advertiser_id=advertiser_id,
            purpose=purpose,
        )
        try:
            return choose(team)
        except (AdvertiserNotConnectedError, NoTokenError):
            own = team.connection_of(call.caller.user_id)
            if self.own_lists is None or own is None or not team.may_use(own):
                raise
            renewed = self.own_lists.renewed(own, call.now, call.deadline)
            if renewed is None:
                raise
        return choose(team.with_connection(renewed))

    def _open(self, deadline: Deadline, token: SecretStr) -> TikTokBusinessApi:
        return self.open_tiktok(token, deadline)


class HintMemory:
    """The hints of the tokens used lately, for as long as a function stays warm. Holds no token, but its digest."""

    def __init__(self) -> None:
        self._hints = lru_cache(maxsize=1_000)(lambda _digest: Hints())

    def of(self, token: SecretStr) -> Hints:
        """What was kept for this token."""
        return self._hints(sha256(token.get_secret_value().encode()).digest())


def services_from_environment(
    context: ssl.SSLContext | None = None, *, read_timeout: float = READ_TIMEOUT_SECONDS
) -> Services:
    """The real services, from the function's environment variables.

    ``context`` is for all their connections, ``read_timeout`` how long TikTok may say nothing.

    Raises:
        SettingsError: a variable is absent or unusable.
    """
    settings = Settings.from_environment(os.environ)
    context = context or trusting_context()
    table = Table.from_environment(os.environ, context)
    secrets_manager = JsonApi.from_environment(SECRETS_MANAGER, os.environ, context)
    transport = RequestsTransport(settings.tiktok_base_url, context, read_timeout=read_timeout)
    hints = HintMemory()
    return Services(
        settings=settings,
        teams=DynamoDBTeams(table),
        tokens=SecretsManagerTokens(secrets_manager.call),
        marks=DynamoDBMarks(dynamodb_client, table.name),
        intents=DynamoDBIntents(table),
        open_tiktok=lambda token, deadline: TikTokBusinessApi(
            TikTokClient(transport, token, deadline), hints.of(token)
        ),
    )
