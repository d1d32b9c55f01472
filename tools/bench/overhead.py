"""The duration of a warm handler without I/O."""

import json
from dataclasses import dataclass

import requests

from local.console import Console, StackError
from tools.bench.builds import Build
from tools.bench.fan_out import CASES
from tools.bench.harness import SimulatedTikTok, handler
from tools.bench.in_lambda import run_program
from tools.bench.samples import Figure, milliseconds
from tools.in_memory_aws import InMemoryAws

TIMES = 1_000
_WARM_UP = 100
_SECONDS = 30.0
_PREFLIGHT = CASES[1]


@dataclass(frozen=True)
class Overhead:
    """Milliseconds of one call."""

    rules: Figure
    """GET /publish-check/rules, which makes no calls."""
    preflight: Figure
    """GET /publish-check for WEB_CONVERSIONS, with team, token and TikTok's three responses available at once."""


def measure(build: Build, tiktok: SimulatedTikTok, aws: InMemoryAws, console: Console) -> Overhead:
    """Call both handlers a thousand times."""
    event = _PREFLIGHT.event()
    with console.step(f"Calling handlers {2 * TIMES} times without I/O"):
        with handler(build, "PublishCheckRulesFunction", tiktok, aws) as function:
            no_query = {"queryStringParameters": None, "multiValueQueryStringParameters": None}
            rules = function.invoke({**event, **no_query}, _WARM_UP + TIMES)
        rules.body()
        job = {"event": event, "responses": _responses(build, tiktok, aws), "times": _WARM_UP + TIMES}
        path = build.search_path("PublishCheckFunction")
        preflight = run_program("without_io.py", path, text=json.dumps(job))
    if not json.loads(preflight["answer"]["body"]).get("ready"):
        raise StackError(f"the preflight without I/O is not ready: {preflight['answer']}")
    return Overhead(milliseconds(rules.seconds[_WARM_UP:]), milliseconds(preflight["seconds"][_WARM_UP:]))


def _responses(build: Build, tiktok: SimulatedTikTok, aws: InMemoryAws) -> dict[str, str]:
    """Return TikTok's responses to the preflight's calls, by endpoint."""
    with handler(build, "PublishCheckFunction", tiktok, aws) as function:
        tiktok.received()
        function.invoke(_PREFLIGHT.event()).body()
        calls = tiktok.received()
    token = _PREFLIGHT.person.token
    headers = {"Access-Token": token.value if token else ""}
    return {
        call.path: requests.get(
            f"{tiktok.base_url}/{call.path}",
            params=call.query,
            headers=headers,
            timeout=_SECONDS,
            verify=str(tiktok.certificate),
        ).text
        for call in calls
    }
