"""Concurrent jobs, and waiting for them no longer than a deadline."""

import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from aws_lambda_powertools import Logger

from publishing.log_events import LogEvent
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TimedOutError

logger = Logger(service="publishing", child=True)

_threads = ThreadPoolExecutor(max_workers=256, thread_name_prefix="tiktok")
"""Shared by all requests: starting threads is half of the cost of a warm request.

One request has a dozen jobs at most. Jobs that nobody waits for end at their own deadline.
"""


def start[Result](job: Callable[[], Result]) -> Future[Result]:
    """Run ``job`` concurrently; a job may start further ones and wait for them."""
    return _threads.submit(contextvars.copy_context().run, job)


def outcome[Result](future: Future[Result], deadline: Deadline) -> Result:
    """Return the job's result or raise its error.

    Raises:
        TimedOutError: the job had not ended at ``deadline``.
        TikTokError: what the job raised.
    """
    try:
        return future.result(timeout=deadline.remaining())
    except TimeoutError:
        raise TimedOutError("", "not finished in time") from None


def outcomes_until[Result, Key](
    enough: Callable[[Result], bool], futures: Mapping[Key, Future[Result]], deadline: Deadline
) -> dict[Key, Result | TikTokError]:
    """Return the jobs' outcomes, in their order, as soon as one result is ``enough`` or all jobs have ended.

    Jobs that are still running then are left out; at ``deadline`` their outcome is a :class:`TimedOutError`.
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


def outcome_or_error[Result](future: "Future[Result]", deadline: Deadline) -> Result | TikTokError:
    """Return the job's result, or TikTok's error as a value."""
    try:
        return outcome(future, deadline)
    except TikTokError as error:
        return error


def best_effort[Result](what: str, write: Callable[[], Result], deadline: Deadline) -> Result | None:
    """Do a write that the request can do without, and return its result; None if it failed or had not ended in time.

    A write that has not ended at ``deadline`` goes on without the request. ``what`` names the write in the log.
    """
    try:
        return start(write).result(timeout=deadline.remaining())
    except Exception as error:  # noqa: BLE001 - whatever it is, the request is answered
        logger.warning(LogEvent.WRITE_FAILED, what=what, error=type(error).__name__)
        return None


def raise_first(kind: type[TikTokError], outcomes: Iterable[Any]) -> None:
    """Raise the first of several outcomes that is an error of this kind."""
    for one in outcomes:
        if isinstance(one, kind):
            raise one
