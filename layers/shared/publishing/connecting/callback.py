"""Coming back from TikTok's consent page: a code for a token, and the connection made of it.

May be ended at any point and done again, by the same return or by the sweep: see :mod:`changes`.
"""

from dataclasses import dataclass

from aws_lambda_powertools import Logger
from pydantic import SecretStr

from publishing.connecting.changes import Change, Kind
from publishing.connecting.completion import complete
from publishing.connecting.recovery import abandon, recover
from publishing.connecting.refusals import Refusal, RefusedError, refusal_of
from publishing.connecting.services import ConnectServices
from publishing.connecting.states import PendingState, digest_of, key_of
from publishing.connecting.stores import NotSetUpError
from publishing.log_events import LogEvent
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError
from tiktok_business.oauth import DeveloperApp

COMPLETION_SECONDS = 6.0
"""Of the request's time, kept for what follows the exchange."""

logger = Logger(service="publishing", child=True)


@dataclass(frozen=True, slots=True)
class Callback:
    """Connects whoever comes back with a state and a code."""

    services: ConnectServices

    def connect(self, state_text: str, auth_code: str, deadline: Deadline) -> None:
        """Connect whom the state was made for.

        Raises:
            RefusedError: nothing is connected by this return. A state or a code that is forged, used, expired or of
                somebody else changes nothing.
        """
        services, now = self.services, self.services.clock()
        state = self._state(state_text, digest_of(auth_code))
        try:
            app = services.app.read()
        except NotSetUpError:
            raise RefusedError(Refusal.NOT_SET_UP) from None
        if not services.states.take(state):
            raise RefusedError(Refusal.STATE_USED)
        left = self._left(state, deadline)
        change = left.again(now) if left else Change.begun(*state.person, Kind.CONNECT, now, state.key.digest)
        if not services.changes.begin(change, now):
            raise RefusedError(Refusal.IN_PROGRESS)
        secret_id = services.vault.secret_id(*state.person)
        token = services.vault.version(secret_id, change.grant) if left else None
        if token is None:
            change, token = self._exchanged(change, state, app, SecretStr(auth_code), deadline, again=left is not None)
            services.vault.store(secret_id, token, change.grant)
        complete(services, change, token, deadline)
        services.states.done(state.key)
        services.changes.end(change)
        logger.info(LogEvent.CONNECTED, user_id=state.user_id)

    def _state(self, text: str, code: str) -> PendingState:
        """The state that came back, with its code, if it may connect the person that it was made for."""
        key = key_of(text)
        state = self.services.states.read(key) if key else None
        if state is None:
            raise RefusedError(Refusal.STATE_INVALID)
        refusal = state.refusal(code, self.services.clock())
        if refusal is not None:
            raise RefusedError(refusal)
        team = self.services.teams.read(state.team_id)
        if state.user_id not in team.roles:
            raise RefusedError(Refusal.NOT_A_MEMBER)
        if not team.has_active_subscription(self.services.clock()):
            raise RefusedError(Refusal.SUBSCRIPTION_REQUIRED)
        return state.taken(code)

    def _left(self, state: PendingState, deadline: Deadline) -> Change | None:
        """The change that an earlier attempt with this state left; any other is recovered first."""
        left = self.services.changes.read(*state.person)
        if left is None or left.grant == state.key.digest:
            return left
        try:
            recovered = recover(self.services, left, deadline.keeping(COMPLETION_SECONDS))
        except NotSetUpError:
            raise RefusedError(Refusal.NOT_SET_UP) from None
        except TikTokError as error:
            raise RefusedError(refusal_of(error)) from None
        if not recovered:
            raise RefusedError(Refusal.IN_PROGRESS)
        return None

    def _exchanged(
        self,
        change: Change,
        state: PendingState,
        app: DeveloperApp,
        auth_code: SecretStr,
        deadline: Deadline,
        *,
        again: bool,
    ) -> tuple[Change, SecretStr]:
        """The token; a code that TikTok does not take is over, any other failure may be repeated with it.

        ``again``: an earlier attempt may have made the secret that its token was to go to.
        """
        services = self.services
        try:
            grant = services.open_oauth(app, deadline.keeping(COMPLETION_SECONDS)).exchange(auth_code)
        except TikTokError as error:
            logger.warning(LogEvent.NOT_CONNECTED, user_id=state.user_id, tiktok=str(error))
            refusal = refusal_of(error)
            if again:
                abandon(services, change)
            if refusal is Refusal.CODE_REJECTED:
                services.states.done(state.key)
            services.changes.end(change)
            raise RefusedError(refusal) from None
        change = change.granted(grant.scopes)
        services.changes.note(change)
        return change, grant.access_token
