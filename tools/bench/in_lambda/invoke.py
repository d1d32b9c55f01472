"""Loads a function and calls its handler: `invoke.py PATH[:PATH…] [CERTIFICATE]`.

Reads lines of JSON, {"event": …, "times": n}, and prints {"seconds": […], "log_bytes": n, "answer": …} for each, with
the response of the last call. With a certificate, only that one is trusted for TikTok.
"""

import importlib
import io
import json
import sys
import time
from typing import Any

sys.path += sys.argv[1].split(":")
if len(sys.argv) > 2:  # noqa: PLR2004 - the program, the path, and then
    import certifi

    certifi.where = lambda: sys.argv[2]

# Functions log to standard output in Lambda; here the log is measured.
output, log = sys.stdout, io.StringIO()
sys.stdout = log


class Context:
    """The part of Lambda's context that handlers use."""

    aws_request_id = "00000000-0000-4000-8000-00000000beef"

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time: the template's Timeout."""
        return 15_000


def main() -> None:
    """Respond to each line."""
    app = importlib.import_module("app")  # a built function

    for line in sys.stdin:
        job = json.loads(line)
        log.seek(0)
        log.truncate()
        seconds = []
        answer: Any = None
        for _ in range(job["times"]):
            started = time.perf_counter()
            answer = app.lambda_handler(job["event"], Context())
            seconds.append(time.perf_counter() - started)
        log_bytes = len(log.getvalue().encode()) / job["times"]
        output.write(json.dumps({"seconds": seconds, "log_bytes": log_bytes, "answer": answer}) + "\n")
        output.flush()


main()
