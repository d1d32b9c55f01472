"""The whole stack under load: concurrent requests through authorizer, function and simulated TikTok."""

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
    """The figures of one run. Everything, including TikTok, is emulated on this machine."""

    connections: int
    requests: int
    per_second: float
    p50_milliseconds: float
    p99_milliseconds: float
    errors: int
    """Responses that were not a verified "ready"."""


def measure(console: Console) -> Load:
    """Start the local stack, warm it up and send the requests."""
    # Faster than the API's default limit allows.
    limits = {"ThrottleRate": "1000", "ThrottleBurst": "1000"}
    with LocalStack(parameters=limits, console=console) as stack:
        stack.tiktok.latency = LATENCY_SECONDS
        with console.step(f"Warming up {CONNECTIONS} connections"):
            _send(stack, 2 * CONNECTIONS)
        with console.step(f"Sending {REQUESTS} requests over {CONNECTIONS} connections"):
            started = time.perf_counter()
            responses = _send(stack, REQUESTS)
            took = time.perf_counter() - started
    seconds = [one for one, _ in responses]
    verdicts = Counter(verdict for _, verdict in responses)
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    return Load(
        connections=CONNECTIONS,
        requests=len(responses),
        per_second=len(responses) / took,
        p50_milliseconds=1_000 * hundredths[49],
        p99_milliseconds=1_000 * hundredths[98],
        errors=len(responses) - verdicts["ready"],
    )


def _send(stack: LocalStack, count: int) -> list[tuple[float, str]]:
    """Send this many requests; return the duration and the verdict of each."""
    query = urlencode({"advertiser_id": _CASE.advertiser.value, "objective": _CASE.objective})
    url = f"{stack.base_url}{API}/publish-check?{query}"
    headers = stack.bearer(_CASE.person)
    local = threading.local()

    def send(_number: int) -> tuple[float, str]:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        started = time.perf_counter()
        try:
            response = local.session.get(url, headers=headers, timeout=_SECONDS)
            verdict = (
                "ready" if response.status_code == requests.codes.ok and response.json()["ready"] else response.text
            )
        except (requests.RequestException, ValueError) as error:
            verdict = type(error).__name__
        return time.perf_counter() - started, verdict

    with ThreadPoolExecutor(CONNECTIONS) as callers:
        return list(callers.map(send, range(count)))
