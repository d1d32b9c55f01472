"""Loads a function and calls its handler: `invoke.py PATH[:PATH…] [CERTIFICATE]`.

Reads lines of JSON, {"event": …, "times": n}, and answers each with {"seconds": […], "log_bytes": n, "answer": …}, the
last call's. With a certificate, TikTok is trusted to be whoever has that one, and nobody else.
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

# What functions log goes to standard output in Lambda; here it is counted.
answers, log = sys.stdout, io.StringIO()
sys.stdout = log


class Context:
    """Lambda's context, as far as handlers look at it."""

    aws_request_id = "00000000-0000-4000-8000-00000000beef"

    def get_remaining_time_in_millis(self) -> int:
        """What the template's Timeout leaves."""
        return 15_000


def main() -> None:
    """Answer each line."""
    app = importlib.import_module("app")  # a built function

    for line in sys.stdin:
        asked = json.loads(line)
        log.seek(0)
        log.truncate()
        seconds = []
        answer: Any = None
        for _ in range(asked["times"]):
            started = time.perf_counter()
            answer = app.lambda_handler(asked["event"], Context())
            seconds.append(time.perf_counter() - started)
        log_bytes = len(log.getvalue().encode()) / asked["times"]
        answers.write(json.dumps({"seconds": seconds, "log_bytes": log_bytes, "answer": answer}) + "\n")
        answers.flush()


main()
