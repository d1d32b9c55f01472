"""Jobs that run at the same time, and answers that never wait beyond a deadline."""

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from tiktok_business.deadline import Deadline
from tiktok_business.errors import TikTokError, TimedOutError

WORKERS = 16

Result = TypeVar("Result")


class SideBySide:
    """Threads for the calls of one request.

    Leaving the ``with`` block does not wait: a call that TikTok lets hang ends by its own deadline, unheard.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="tiktok")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self, job: Callable[[], Result]) -> Future[Result]:
        """Run ``job`` in a thread of its own; a job may start further ones."""
        return self._pool.submit(contextvars.copy_context().run, job)


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


def outcome_or_error(future: "Future[Result]", deadline: Deadline) -> Result | TikTokError:
    """Like :func:`outcome`, with TikTok's errors as values."""
    try:
        return outcome(future, deadline)
    except TikTokError as error:
        return error
