"""Asking for consent: where a person is sent to connect TikTok."""

from dataclasses import dataclass

from publishing.answers.connections import ConsentAsked
from publishing.calls import Call
from publishing.connecting.states import new_state
from publishing.connecting.stores import AppCredentials, NotSetUpError, States
from publishing.inputs import NoInput
from publishing.problems import Problem
from tiktok_business.oauth import consent_url


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """Sends people to TikTok's consent page, each with a state of their own."""

    states: States
    app: AppCredentials
    tiktok_base_url: str
    wizard_url: str | None

    def answer(self, call: Call, _body: NoInput) -> ConsentAsked:
        """TikTok's consent page for the caller; coming back from it connects them, and nobody else.

        Raises:
            Problem: ``connect_not_set_up``.
        """
        if self.wizard_url is None or not call.url:
            raise Problem("connect_not_set_up")
        try:
            app = self.app.read()
        except NotSetUpError:
            raise Problem("connect_not_set_up") from None
        text, state = new_state(call.caller, call.now)
        self.states.put(state)
        return ConsentAsked(
            authorize_url=consent_url(self.tiktok_base_url, app.app_id, text, f"{call.url}/callback"),
            expires_at=state.expires_at,
        )
