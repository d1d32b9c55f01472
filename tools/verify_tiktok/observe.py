"""Every read of this product at TikTok, once, and requests that TikTok must refuse. Nothing is written."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from operator import methodcaller
from typing import Any

from pydantic import BaseModel, SecretStr

from tiktok_business.client import TikTokClient
from tiktok_business.deadline import Deadline
from tiktok_business.endpoints import ADVERTISERS_AT_ONCE, TikTokBusinessApi
from tiktok_business.errors import (
    AdvertiserNotAccessibleError,
    RequestRejectedError,
    TikTokError,
    TokenInvalidError,
    UnavailableError,
)
from tiktok_business.models import Advertiser, IdentityType, TermCheck
from tiktok_business.oauth import DeveloperApp, ReachableAdvertiser, TikTokOAuth
from tiktok_business.transport import Body, RawAnswer, Transport

MAX_ROWS = 300
"""Rows read of a listing: enough for its pages, without asking a large account for all it has."""
_CALL_SECONDS = 30.0
_NOBODY = "1"
"""An id that no ad account and no Business Center has."""
_INVALID_TOKEN = SecretStr("verify-tiktok-invalid-token")


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, without the token. `answer` is parsed JSON, or text if it is no JSON."""

    endpoint: str
    params: Mapping[str, Any]
    status: int
    answer: Any

    @property
    def code(self) -> int | None:
        """TikTok's code; None without its envelope."""
        code = self.answer.get("code") if isinstance(self.answer, dict) else None
        return code if type(code) is int else None

    @property
    def data(self) -> Mapping[str, Any]:
        """TikTok's data; empty if there is none."""
        data = self.answer.get("data") if isinstance(self.answer, dict) else None
        return data if isinstance(data, dict) else {}


@dataclass(frozen=True)
class Shape:
    """What an endpoint's definition expects: the model of a row, the keys of the list (none: the data itself is it)."""

    model: type[BaseModel]
    keys: tuple[str, ...]
    page_size: int | None = None


@dataclass
class Observation:
    """One read: its exchanges, what this code made of them, and what its definition expects.

    `outcome` is the number of rows, or the name of the error. `expected` is the outcome of a request that TikTok must
    answer in one way; None for a read.
    """

    name: str
    exchanges: list[Exchange] = field(default_factory=list)
    outcome: int | str = 0
    complete: bool = True
    """False if more rows were left unread."""
    shape: Shape | None = None
    expected: tuple[int | str, ...] | None = None
    error: TikTokError | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint asked; empty if nothing was asked."""
        return self.exchanges[0].endpoint if self.exchanges else ""


SINGLE_SHAPES: Mapping[str, Shape] = {
    "advertiser/info/": Shape(Advertiser, ("list",)),
    "term/check/": Shape(TermCheck, ()),
    "oauth2/advertiser/get/": Shape(ReachableAdvertiser, ("list",)),
}
"""The models of answers that are not listings with pages; the others come from the definitions of the endpoints."""


@dataclass(frozen=True, slots=True)
class _Recorder:
    """A transport that keeps what it sends and receives in the current observation."""

    transport: Transport
    current: Callable[[], Observation]

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        if method != "GET":
            raise AssertionError(f"{method} {endpoint}: nothing may be written")
        answer = self.transport.send(method, endpoint, token=token, deadline=deadline, params=params, body=body)
        try:
            parsed = json.loads(answer.body)
        except ValueError:
            parsed = answer.body.decode("utf-8", "replace")
        kept = {name: value for name, value in (params or {}).items() if name != "secret"}
        self.current().exchanges.append(Exchange(endpoint, kept, answer.status, parsed))
        return answer


@dataclass(frozen=True, slots=True)
class _ObservedClient(TikTokClient):
    """A client that notes how the endpoints define their listings."""

    current: Callable[[], Observation] = field(kw_only=True)

    def pages(self, endpoint: str, params: Mapping[str, Any], row: type[Any], **definition: Any) -> Iterator[list[Any]]:
        self.current().shape = Shape(row, definition["keys"], definition["page_size"])
        # No super(): the class that `slots` creates is not the one that super() would look for.
        return TikTokClient.pages(self, endpoint, params, row, **definition)


class Observer:
    """Makes the calls with one token; `observations` has all so far."""

    def __init__(
        self,
        transport: Transport,
        token: SecretStr,
        app: DeveloperApp | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.observations: list[Observation] = []
        self._transport = _Recorder(transport, self._current)
        self._token = token
        self._app = app
        self._sleep = sleep

    def _current(self) -> Observation:
        return self.observations[-1]

    def _api(self, token: SecretStr | None) -> TikTokBusinessApi:
        deadline = Deadline.after(_CALL_SECONDS)
        return TikTokBusinessApi(
            _ObservedClient(self._transport, token, deadline, current=self._current, sleep=self._sleep)
        )

    def all(self, advertiser_id: str | None) -> list[Observation]:
        """Make every read and every refused request for one ad account; None: the first that the token reaches."""
        if self._app is not None:
            oauth = TikTokOAuth(self._transport, self._app, Deadline.after(_CALL_SECONDS), sleep=self._sleep)
            reached = self._read("ad accounts of the token", lambda _: oauth.advertisers(self._token))
            advertiser_id = advertiser_id or next((one.advertiser_id for one in reached), None)
        if advertiser_id is not None and not self._nothing_will_answer():
            self._reads(advertiser_id)
        if advertiser_id is not None and not self._nothing_will_answer():
            self._refusals(advertiser_id)
        return self.observations

    def _nothing_will_answer(self) -> bool:
        """Whether the first call failed for a reason that every other one shares."""
        return bool(self.observations) and isinstance(self.observations[0].error, TokenInvalidError | UnavailableError)

    def _reads(self, account: str) -> None:
        names = []
        for kind in IdentityType:
            if self._nothing_will_answer():
                return
            if kind is not IdentityType.BC_AUTH_TT:  # needs a Business Center's id, and is not asked for
                found = self._read(f"identities {kind}", methodcaller("identities", account, kind))
                names += [one.display_name for one in found if kind is IdentityType.CUSTOMIZED_USER]
        self._read("identities of all types", methodcaller("identities", account, None))
        name = next(filter(None, names), "verify")
        self._read("identities by name", methodcaller("custom_identities_named", account, name))
        self._read("ad accounts", methodcaller("advertisers", [account]))
        self._read("ad account", lambda api: [api.advertiser(account)])
        self._read("custom identity flag", lambda api: [api.can_use_custom_identity(account)])
        self._read("pixels", methodcaller("pixels", account))
        centers = self._read("Business Centers", methodcaller("business_centers"))
        for center in centers[:3]:
            self._read("catalogs", methodcaller("catalogs", center.bc_info.bc_id))
        self._read("apps", methodcaller("apps", account))
        self._read("lead forms", methodcaller("lead_forms", {"advertiser_id": account}))
        for library in self._read("form libraries", methodcaller("page_libraries", account))[:3]:
            owner = {"library_id": library.library_id}
            self._read("lead forms of a library", methodcaller("lead_forms", owner))
        self._read("lead terms", lambda api: [api.lead_terms_confirmed(account)])

    def _refusals(self, account: str) -> None:
        """What docs/tiktok.md says of limits and errors, each as a request with its expected outcome."""
        rejected = (RequestRejectedError.__name__,)
        listings = {
            one.endpoint: (one.name, one.exchanges[0], one.shape.page_size)
            for one in reversed(self.observations)
            if one.exchanges and one.shape and one.shape.page_size
        }
        for name, first, page_size in reversed(listings.values()):
            params = {**first.params, "page_size": page_size + 1}
            self._expect(
                f"{name}, more a page than {page_size}",
                rejected,
                partial(_get, first.endpoint, params),
            )
        many = [account] * (ADVERTISERS_AT_ONCE + 1)
        info = {"advertiser_ids": many, "fields": ["advertiser_id"]}
        self._expect(
            f"more ad accounts than {ADVERTISERS_AT_ONCE}",
            rejected,
            partial(_get, "advertiser/info/", info),
        )
        foreign = (AdvertiserNotAccessibleError.__name__, "AdvertiserGoneError")
        self._expect("pixels of a foreign ad account", foreign, methodcaller("pixels", _NOBODY))
        self._expect("catalogs of a wrong Business Center", (0,), methodcaller("catalogs", _NOBODY))
        invalid = (TokenInvalidError.__name__,)
        self._expect("an invalid token", invalid, methodcaller("apps", account), token=_INVALID_TOKEN)
        self._expect("no token", invalid, methodcaller("apps", account), token=None)

    def _expect(
        self,
        name: str,
        expected: tuple[int | str, ...],
        call: Callable[[TikTokBusinessApi], Iterable[Any]],
        **token: SecretStr | None,
    ) -> None:
        self._read(name, call, **token)
        self._current().expected = expected

    def _read(
        self, name: str, call: Callable[[TikTokBusinessApi], Iterable[Any]], **token: SecretStr | None
    ) -> Sequence[Any]:
        observation = Observation(name)
        self.observations.append(observation)
        rows: list[Any] = []
        try:
            found = _rows(call(self._api(token.get("token", self._token))))
            rows += islice(found, MAX_ROWS)
            observation.complete = len(rows) < MAX_ROWS
            observation.outcome = len(rows)
        except TikTokError as error:
            observation.outcome = type(error).__name__
            observation.error = error
        if observation.shape is None:
            observation.shape = SINGLE_SHAPES.get(observation.endpoint)
        return rows


def _rows(found: Iterable[Any]) -> Iterator[Any]:
    """Return the rows of a listing, whether it comes as rows or as pages of rows."""
    for one in found:
        yield from one if isinstance(one, list) else (one,)


def _get(endpoint: str, params: Mapping[str, Any], api: TikTokBusinessApi) -> Sequence[Any]:
    """Ask an endpoint, and read no rows of its answer."""
    api.client.get(endpoint, params)
    return ()
