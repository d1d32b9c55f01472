"""Jobs that run at the same time, and answers that never wait beyond a deadline."""

import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TimedOutError

Key = TypeVar("Key")
Result = TypeVar("Result")

_threads = ThreadPoolExecutor(max_workers=256, thread_name_prefix="tiktok")
"""Shared by all requests, as starting threads is half of what a warm request costs. As many as were ever busy at once.

One request has a dozen jobs at most. Those that nobody waits for any more end by their own deadline, unheard.
"""


def start(job: Callable[[], Result]) -> Future[Result]:
    """Run ``job`` beside what is going on; a job may start further ones and wait for them."""
    return _threads.submit(contextvars.copy_context().run, job)


def outcome(future: Future[Result], deadline: Deadline) -> Result:
    """What the job returned, or the error that it raised.

    Raises:
        TimedOutError: the job was not done at ``deadline``.
        TikTokError: what the job raised.
    """
    try:
        return future.result(timeout=deadline.remaining())
    except TimeoutError:
        raise TimedOutError("", "not done in time") from None


def outcomes_until(
    enough: Callable[[Result], bool], futures: Mapping[Key, Future[Result]], deadline: Deadline
) -> dict[Key, Result | TikTokError]:
    """What the jobs came to, in their order, as soon as one of them is ``enough`` or all are done.

    Jobs that are not done by then are left out; at ``deadline`` they are a :class:`TimedOutError`.
    """
    waiting = set(futures.values())
    while waiting:
        done, waiting = wait(waiting, timeout=deadline.remaining(), return_when=FIRST_COMPLETED)
        if any(one.exception() is None and enough(one.result()) for one in done):
            futures = {key: one for key, one in futures.items() if one.done()}
            break
        if not done:
            break
    outcomes: dict[Key, Result | TikTokError] = {}
    for key, one in futures.items():
        came = outcome_or_error(one, deadline)
        outcomes[key] = came
    return outcomes


def outcome_or_error(future: "Future[Result]", deadline: Deadline) -> Result | TikTokError:
    """Like :func:`outcome`, with TikTok's errors as values."""
    try:
        return outcome(future, deadline)
    except TikTokError as error:
        return error


def raise_first(kind: type[TikTokError], outcomes: Iterable[object]) -> None:
    """Raise the first of several outcomes that is an error of this kind."""
    for one in outcomes:
        if isinstance(one, kind):
            raise one
