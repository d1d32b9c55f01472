"""Everything that is logged and printed while a block runs."""

import contextlib
import io
import logging
from collections.abc import Iterator

from publishing.http import endpoint


@contextlib.contextmanager
def captured_output() -> Iterator[io.StringIO]:
    """Yield a buffer with the functions' log lines, the libraries' log lines at every level, stdout and stderr."""
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
