"""The errors that are raised while a cell runs."""

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any
from unittest import mock

from tiktok_business.errors import TikTokError


@contextlib.contextmanager
def recorded_errors() -> Iterator[list[TikTokError]]:
    """Yield a list of every TikTokError that is created in any thread."""
    errors: list[TikTokError] = []
    original = TikTokError.__init__

    def recording(self: TikTokError, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        errors.append(self)

    with mock.patch.object(TikTokError, "__init__", recording):  # errors are created and caught in many places
        yield errors


def text_of(error: TikTokError) -> str:
    """Return all texts of an error, with its causes and context."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
