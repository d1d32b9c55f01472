"""A client with one access token: the envelope, retries and paging, all within a deadline."""

import json
import random
import re
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from tiktok_business.deadline import Deadline
from tiktok_business.errors import (
    ERROR_BY_CATEGORY,
    ConnectionLostError,
    IncompleteListingError,
    RateLimitedError,
    TikTokError,
    UnavailableError,
    UnexpectedResponseError,
)
from tiktok_business.models import whole_number
from tiktok_business.return_codes import ErrorCategory, classify
from tiktok_business.transport import Body, RawAnswer, Transport

MAX_ATTEMPTS = 3
"""Attempts at one call; fewer if the deadline comes first."""
BACKOFF_SECONDS = 0.2
"""After attempt n a retry waits random(0, BACKOFF_SECONDS * 2**(n-1)) seconds (full jitter)."""
RATE_BACKOFF_SECONDS = 1.0
"""The same after a refusal for rate: TikTok's per-second limit recovers within a second (EVA rate-limits)."""
MAX_PAGES = 50
"""Pages read of one listing at most: 5 000 identities, 1 000 pixels."""


_NO_JSON = object()
_SURROGATE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class TikTokClient:
    """Calls TikTok with one access token, or without a token if ``token`` is None.

    ``redact`` are further secrets in requests: like the token, they are removed from TikTok's texts. ``sleep``
    and ``jitter`` (a number from 0 to 1) are arguments so that tests neither wait nor depend on chance.
    """

    transport: Transport
    token: SecretStr | None
    deadline: Deadline
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    redact: tuple[SecretStr, ...] = ()

    def get(self, endpoint: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read ``endpoint`` and return the answer's ``data``.

        Retries transient failures. Raises the :class:`TikTokError` of the last attempt.
        """
        return self._call(lambda error: error.retryable, "GET", endpoint, params=params)

    def post(self, endpoint: str, body: Body) -> Mapping[str, Any]:
        """Write to ``endpoint`` and return the answer's ``data``.

        Retries only if TikTok cannot have applied the write: it was refused, or never sent. Raises the
        :class:`TikTokError` of the last attempt.
        """
        return self._call(_write_retryable, "POST", endpoint, body=body)

    def pages[Row: BaseModel](
        self,
        endpoint: str,
        params: Mapping[str, Any],
        row: type[Row],
        *,
        keys: tuple[str, ...],
        id_of: Callable[[Row], Hashable],
        page_size: int | None,
    ) -> Iterator[list[Row]]:
        """Return the rows of a paged listing, page by page; a page is read when it is needed.

        Ends at the last page that TikTok names or, if it names none, at a page that is not full; continues while
        TikTok's own count is higher. A page without a new row ends the listing too. Rows with the same ``id_of`` count
        once. ``page_size`` None: the listing has no pages.

        Raises:
            IncompleteListingError: after the last page, if rows or TikTok's counts were unreadable, if rows are fewer
                than TikTok counted or were absent from a page that TikTok named, or if they continue after
                ``MAX_PAGES``: the rows are valid, but they prove no absence.
            TikTokError: any other failure of a call.
        """
        seen: set[Hashable] = set()
        counts: set[int] = set()
        unreadable = 0
        uncounted = False
        announced = False
        cursor: Any = None
        for page in range(1, MAX_PAGES + 1):
            paged = {"page": page, "page_size": page_size} if page_size else {}
            data = self.get(endpoint, {**params, **paged, **({"cursor": cursor} if cursor else {})})
            raw_rows = _rows_of(endpoint, data, keys)
            before = len(seen)
            new: list[Row] = []
            for raw in raw_rows:
                parsed = _parsed(row, raw)
                identity = json.dumps(raw, sort_keys=True) if parsed is None else id_of(parsed)
                if identity in seen:
                    continue
                seen.add(identity)
                if parsed is None:
                    unreadable += 1
                else:
                    new.append(parsed)
            yield new
            paging = _Paging.of(data)
            cursor = paging.cursor
            uncounted = uncounted or not paging.readable
            if paging.total_number is not None:
                counts.add(paging.total_number)
            nothing_new = len(seen) == before
            announces = paging.names_more(page)
            full = page_size is not None and len(raw_rows) >= min(page_size, paging.page_size or page_size)
            if nothing_new or not page_size or not paging.continues(page, full=full, counts=counts, seen=len(seen)):
                broken_off = announces or (announced and nothing_new and bool(raw_rows))
                _check_complete(
                    endpoint, page, seen=len(seen), counts=counts, unreadable=unreadable, broken_off=broken_off
                )
                if uncounted:
                    raise IncompleteListingError(endpoint, "the counts of rows or pages are not readable")
                return
            announced = announces
        raise IncompleteListingError(endpoint, f"more than {MAX_PAGES} pages")

    def _call(
        self, retryable: Callable[[TikTokError], bool], method: str, endpoint: str, **what: Any
    ) -> Mapping[str, Any]:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                answer = self.transport.send(method, endpoint, token=self.token, deadline=self.deadline, **what)
                return self._data_of(endpoint, answer)
            except TikTokError as error:
                pause = self._pause(error, attempt)
                if attempt == MAX_ATTEMPTS or not retryable(error) or pause >= self.deadline.remaining():
                    raise
                self.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _pause(self, error: TikTokError, attempt: int) -> float:
        if isinstance(error, ConnectionLostError) and attempt == 1:
            return 0.0  # most likely a stale pooled connection: no sign of a failure at TikTok
        base = RATE_BACKOFF_SECONDS if isinstance(error, RateLimitedError) else BACKOFF_SECONDS
        return self.jitter() * base * float(2 ** (attempt - 1))

    def _data_of(self, endpoint: str, answer: RawAnswer) -> Mapping[str, Any]:
        """Return the ``data`` of TikTok's envelope ``{code, message, request_id, data}``, or raise its error."""
        envelope = _json_of(answer.body)
        if envelope is _NO_JSON:
            _raise_for_status(endpoint, answer.status)
            raise UnavailableError(endpoint, f"HTTP {answer.status} without JSON")
        if not isinstance(envelope, dict) or type(envelope.get("code")) is not int:
            _raise_for_status(endpoint, answer.status)
            raise UnexpectedResponseError(endpoint, f"HTTP {answer.status} without TikTok's envelope")
        request_id = self._redacted(envelope.get("request_id")) or None
        message = self._redacted(envelope.get("message"))
        category = classify(envelope["code"], message)
        if category is not ErrorCategory.OK:
            raise ERROR_BY_CATEGORY[category](endpoint, message, code=envelope["code"], request_id=request_id)
        data = envelope.get("data")
        if not isinstance(data, dict):
            raise UnexpectedResponseError(endpoint, "code 0 without data", code=0, request_id=request_id)
        return data

    def _redacted(self, value: Any) -> str:
        """Return TikTok's text without the secrets that were sent, in case TikTok repeats them."""
        text = value if isinstance(value, str) else ""
        for secret in (self.token, *self.redact):
            if secret is not None and secret.get_secret_value():
                text = text.replace(secret.get_secret_value(), "[secret]")
        return text


@dataclass(frozen=True, slots=True)
class _Paging:
    """What an answer says about its pages; each part may be missing. Numbers and flags may come as text."""

    total_page: int | None
    total_number: int | None
    page_size: int | None
    """Rows of a full page: TikTok may send smaller pages than requested."""
    has_more: bool | None
    cursor: Any
    readable: bool
    """False if TikTok says something that cannot be read."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "_Paging":
        info = data.get("page_info") or {}
        readable = isinstance(info, dict)
        info = info if isinstance(info, dict) else {}
        said = {name: info.get(name) for name in ("total_page", "total_number")}
        said["has_more"] = info.get("has_more") if data.get("has_more") is None else data["has_more"]
        total_page, total_number = whole_number(said["total_page"]), whole_number(said["total_number"])
        has_more = _flag(said["has_more"])
        understood = {"total_page": total_page, "total_number": total_number, "has_more": has_more}
        return cls(
            total_page,
            total_number,
            whole_number(info.get("page_size")),
            has_more,
            data.get("cursor", info.get("cursor")),
            readable and all(said[name] is None or understood[name] is not None for name in said),
        )

    def names_more(self, page: int) -> bool:
        """Whether TikTok names a page after this one. ``total_page`` may be 0 although there are rows (NAN)."""
        return page < self.total_page if self.total_page else bool(self.has_more)

    def continues(self, page: int, *, full: bool, counts: set[int], seen: int) -> bool:
        """Whether another page is needed; ``counts`` are the totals that TikTok has named so far.

        After a full page even if TikTok names no further one, if its counts change or differ from the rows received.
        """
        if self.names_more(page) or seen < max(counts, default=0):
            return True
        if self.total_page:
            return full and not counts <= {seen}
        return full and self.has_more is None


def _write_retryable(error: TikTokError) -> bool:
    """Whether a write was not applied, and a retry may succeed."""
    return error.retryable and not error.outcome_unknown


def _check_complete(
    endpoint: str, page: int, *, seen: int, counts: set[int], unreadable: int, broken_off: bool
) -> None:
    """Raise IncompleteListingError if the rows prove no absence.

    The listing ended at ``page``; ``broken_off``: without the rows that TikTok had announced.
    """
    if unreadable:
        raise IncompleteListingError(endpoint, f"{unreadable} rows were not readable")
    if seen < max(counts, default=0):
        raise IncompleteListingError(endpoint, f"only {seen} of {max(counts)} rows")
    if broken_off:
        raise IncompleteListingError(endpoint, f"page {page} lacks announced rows")


def _json_of(body: bytes) -> Any:
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        value = json.loads(text)
        return _whole_texts(value) if _SURROGATE.search(text) else value
    except (ValueError, RecursionError):
        return _NO_JSON  # not raised here: the error would keep the body as its context


def _parsed[Row: BaseModel](row: type[Row], raw: Any) -> Row | None:
    try:
        return row.model_validate(raw)
    except ValidationError:
        return None


def _rows_of(endpoint: str, data: Mapping[str, Any], keys: tuple[str, ...]) -> list[Any]:
    for key in keys:
        rows = data.get(key)
        if isinstance(rows, list):
            return rows
    raise UnexpectedResponseError(endpoint, f"code 0 without a list {' or '.join(keys)}", code=0)


def _raise_for_status(endpoint: str, status: int) -> None:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimitedError(endpoint, "HTTP 429")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UnavailableError(endpoint, f"HTTP {status}")


def _flag(value: Any) -> bool | None:
    text = str(value).lower() if isinstance(value, bool | int | str) else ""
    return {"true": True, "1": True, "false": False, "0": False}.get(text)


def _whole_texts(value: Any) -> Any:
    """Return JSON's value without halves of surrogate pairs, which are no text: UTF-8, and so DynamoDB, refuses them.

    TikTok has cut names in the middle of an emoji.
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    if isinstance(value, list):
        return [_whole_texts(one) for one in value]
    if isinstance(value, dict):
        return {name: _whole_texts(one) for name, one in value.items()}
    return value
