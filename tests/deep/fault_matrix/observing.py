"""The errors that are raised while a cell runs."""

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any
from unittest import mock

from tiktok_business.errors import TikTokError


@contextlib.contextmanager
def remembering_errors() -> Iterator[list[TikTokError]]:
    """Every error of TikTok's that is made, in whichever thread; it leads to its causes and its context."""
    made: list[TikTokError] = []
    original = TikTokError.__init__

    def remembered(self: TikTokError, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append(self)

    with mock.patch.object(TikTokError, "__init__", remembered):  # wherever they are made, and caught again
        yield made


def text_of(error: TikTokError) -> str:
    """All that can be read of an error, its causes and its context included."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
