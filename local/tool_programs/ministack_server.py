"""MiniStack with five changes.

It ends with the process that started it, when its standard input is closed, and removes its temporary folder.

API Gateway replaces `$context.authorizer.<name>` in a gateway response with the authorizer's value; MiniStack 1.5.33
does not. Here the authorizer's context travels in its policy, because MiniStack caches the policy and evaluates it for
every request, and the error response is completed from it.

API Gateway passes a function the address of its call (`requestContext.domainName` and `path`); MiniStack 1.5.33 omits
the domain of a REST API and has another path than AWS.

API Gateway replaces `$context.requestId` in the response of a mock integration; MiniStack 1.5.33 does not.

Lambda keeps a process whose handler raised an exception, as the authorizer does for each 401; MiniStack 1.5.33 ends it,
and its next request waits seconds for a new one.
"""

# ruff: noqa: SLF001 - the changes are to private names

import os
import re
import shutil
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.app import main  # type: ignore[import-not-found]
from ministack.core import lambda_runtime  # type: ignore[import-not-found]
from ministack.services import apigateway_v1 as gateway  # type: ignore[import-not-found]

_CONTEXT = "X-Context"
_VARIABLE = re.compile(r"\$context\.authorizer\.([A-Za-z_]\w*)")
_context: ContextVar[dict[str, str]] = ContextVar("authorizer_context")


def _carry_context_in_policy(invoke: Callable[..., Any]) -> Callable[..., Any]:
    async def invoke_authorizer(*args: Any) -> Any:
        result = await invoke(*args)
        answer = (result or {}).get("body")
        if isinstance(answer, dict) and isinstance(answer.get("policyDocument"), dict):
            answer["policyDocument"][_CONTEXT] = gateway._stringify_context(answer.get("context"))
        return result

    return invoke_authorizer


def _remember_context(evaluate: Callable[..., str]) -> Callable[..., str]:
    def evaluate_policy(policy: Any, method_arn: str) -> str:
        _context.set(policy.get(_CONTEXT) or {})
        return evaluate(policy, method_arn)

    return evaluate_policy


def _fill_in_context(answer: Callable[..., Any]) -> Callable[..., Any]:
    def gateway_error_response(error: Any, request: Any) -> Any:
        status, headers, body = answer(error, request)
        context = _context.get({})
        return status, headers, _VARIABLE.sub(lambda m: context.get(m[1], ""), body.decode()).encode()

    return gateway_error_response


def _add_address(build: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def build_event(api_id: str, *args: Any, **options: Any) -> dict[str, Any]:
        event = build(api_id, *args, **options)
        context = event["requestContext"]
        context["domainName"] = {name.lower(): value for name, value in event["headers"].items()}.get("host", "")
        context["path"] = f"/_aws/execute-api/{api_id}{context['path']}"
        return event

    return build_event


def _complete_mock(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoke_mock(integration: Any) -> Any:
        status, headers, body = invoke(integration)
        return status, headers, body.replace(b"$context.requestId", str(uuid.uuid4()).encode())

    return invoke_mock


class _Spared(threading.local):
    """Processes that MiniStack would end in this thread's invocation; None: they are ended at once."""

    processes: list[Any] | None = None


_spared = _Spared()
_signal, _collect = lambda_runtime._signal, lambda_runtime._collect


def _signal_unless_spared(process: Any) -> None:
    if _spared.processes is None:
        _signal(process)
    else:
        _spared.processes.append(process)


def _collect_unless_spared(process: Any, deadline: float) -> None:
    if _spared.processes is None:
        _collect(process, deadline)


def _keep_after_exception(invoke: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def invoke_worker(worker: Any, *args: Any, **options: Any) -> dict[str, Any]:
        spared: list[Any] = []
        _spared.processes = spared
        try:
            response = invoke(worker, *args, **options)
        finally:
            _spared.processes = None
        for process in spared:
            if "trace" in response and process.poll() is None:  # the handler's exception, from a live process
                worker._proc = process
            else:
                _signal(process)
                _collect(process, time.monotonic() + lambda_runtime._REAP_GRACE)
        return response

    return invoke_worker


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


gateway._invoke_authorizer_lambda = _carry_context_in_policy(gateway._invoke_authorizer_lambda)
gateway._evaluate_policy = _remember_context(gateway._evaluate_policy)
gateway._gateway_error_response = _fill_in_context(gateway._gateway_error_response)
gateway._invoke_mock_v1 = _complete_mock(gateway._invoke_mock_v1)
gateway._build_lambda_event_v1 = _add_address(gateway._build_lambda_event_v1)
lambda_runtime._signal = _signal_unless_spared
lambda_runtime._collect = _collect_unless_spared
lambda_runtime.Worker.invoke = _keep_after_exception(lambda_runtime.Worker.invoke)
threading.Thread(target=_end_with_parent, daemon=True).start()
try:
    main()
finally:
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
