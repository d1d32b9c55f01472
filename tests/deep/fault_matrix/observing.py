"""What is said, printed and raised while a cell runs."""

import contextlib
import io
import logging
import traceback
from collections.abc import Iterator
from typing import Any
from unittest import mock

from publishing import endpoint
from tiktok_business.errors import TikTokError


@contextlib.contextmanager
def remembering_errors() -> Iterator[list[TikTokError]]:
    """Every error of TikTok's that is made, in whichever thread; it leads to its causes and its context."""
    made: list[TikTokError] = []
    original = TikTokError.__init__

    def remembered(self: TikTokError, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        made.append(self)

    with mock.patch.object(TikTokError, "__init__", remembered):
        yield made


def text_of(error: TikTokError) -> str:
    """All that can be read of an error, its causes and its context included."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


@contextlib.contextmanager
def listening() -> Iterator[io.StringIO]:
    """All that the functions log, what libraries log at any level, and what anything prints."""
    written = io.StringIO()
    handler = endpoint.logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    libraries = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(libraries)
    root.setLevel(logging.DEBUG)
    endpoint.logger.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
            yield written
    finally:
        endpoint.logger.setLevel(logging.INFO)
        root.setLevel(level)
        root.removeHandler(libraries)
        if before is not None:
            handler.setStream(before)
