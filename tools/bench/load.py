"""The whole stack under load: many callers at once, over HTTP, through authorizer, function and simulated TikTok."""

import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

import requests

from local.console import Console
from local.ministack.deployment import API
from local.stack import LocalStack
from tools.bench.fan_out import CASES
from tools.bench.harness import LATENCY_SECONDS

CONNECTIONS = 20
REQUESTS = 200
_CASE = CASES[1]
_SECONDS = 60.0


@dataclass(frozen=True)
class Load:
    """Of one run. Emulated: all of it, TikTok included, shares this machine's processors."""

    connections: int
    requests: int
    per_second: float
    p50_milliseconds: float
    p99_milliseconds: float
    errors: int
    """Answers that were not a verified "ready"."""


def measure(console: Console) -> Load:
    """Start the local stack, warm it up and send the requests."""
    # The API's own limit is to be out of the way: this is faster than it lets anybody be.
    limits = {"ThrottleRate": "1000", "ThrottleBurst": "1000"}
    with LocalStack(parameters=limits, console=console) as stack:
        stack.tiktok.latency = LATENCY_SECONDS
        with console.step(f"Warming up {CONNECTIONS} connections"):
            _send(stack, 2 * CONNECTIONS)
        with console.step(f"Sending {REQUESTS} requests over {CONNECTIONS} connections"):
            started = time.perf_counter()
            answers = _send(stack, REQUESTS)
            took = time.perf_counter() - started
    seconds = [one for one, _ in answers]
    verdicts = Counter(verdict for _, verdict in answers)
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    return Load(
        connections=CONNECTIONS,
        requests=len(answers),
        per_second=len(answers) / took,
        p50_milliseconds=1_000 * hundredths[49],
        p99_milliseconds=1_000 * hundredths[98],
        errors=len(answers) - verdicts["ready"],
    )


def _send(stack: LocalStack, count: int) -> list[tuple[float, str]]:
    """Send so many requests; return of each how long it took and what it said."""
    query = urlencode({"advertiser_id": _CASE.advertiser.value, "objective": _CASE.objective})
    url = f"{stack.base_url}{API}/publish-check?{query}"
    headers = stack.bearer(_CASE.person)
    local = threading.local()

    def ask(_number: int) -> tuple[float, str]:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        started = time.perf_counter()
        try:
            answer = local.session.get(url, headers=headers, timeout=_SECONDS)
            verdict = "ready" if answer.status_code == requests.codes.ok and answer.json()["ready"] else answer.text
        except (requests.RequestException, ValueError) as error:
            verdict = type(error).__name__
        return time.perf_counter() - started, verdict

    with ThreadPoolExecutor(CONNECTIONS) as callers:
        return list(callers.map(ask, range(count)))
