"""TikTok's official SDK behind a pipe, run by its own environment: `.sdk/bin/python -I process.py HOST [CERTIFICATE]`.

Writes one line of JSON that describes the SDK, then for each call (a line of JSON) one line with its outcome.
"""

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import business_api_client as sdk  # type: ignore[import-not-found]  # lives in .sdk alone
from business_api_client.tiktok_business.tiktok_code import NumericErrorCodes  # type: ignore[import-not-found]

DISTRIBUTION = "tiktok-business-api-sdk-official"
SECONDS = 20  # of one request


def operations() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield path, name and documented parameter types of every operation of the SDK."""
    for api_name, api in vars(sdk).items():
        for name, function in vars(api).items() if api_name.endswith("Api") else ():
            if name.endswith("_with_http_info"):
                (path,) = (
                    constant
                    for constant in function.__code__.co_consts
                    if isinstance(constant, str) and constant.startswith("/open_api/")
                )
                parameters = re.findall(r":param (\S+) (\w+):", function.__doc__)
                yield path, f"{api_name}.{name.removesuffix('_with_http_info')}", {name: of for of, name in parameters}


def argument(value: Any, of: str) -> Any:
    """Return a value as the SDK documents it: objects become instances of its models."""
    return getattr(sdk, of)(**value) if isinstance(value, dict) else value


def outcome(client: Any, call: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    """Return the outcome of one call: the response, or the SDK's error."""
    api, operation = call["operation"].split(".")
    try:
        arguments = {name: argument(value, types.get(name, "")) for name, value in call["arguments"].items()}
        answer = getattr(getattr(sdk, api)(client), operation)(**arguments, _request_timeout=SECONDS)
    except Exception as error:  # noqa: BLE001 - the tests see whatever the SDK raises
        return {"error": type(error).__name__, "message": str(error)}
    return {"answer": answer}


def write(line: object) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(host: str, certificate: str | None = None) -> None:
    """Describe the SDK, then make the requested calls to this host; ``certificate`` is the only trusted one."""
    configuration = sdk.Configuration()
    known = list(operations())
    endpoints = {path: {"operation": name, "parameters": types} for path, name, types in known}
    codes = {name: code for name, code in vars(NumericErrorCodes).items() if name.startswith("ERROR_CODE_")}
    version = importlib.metadata.version(DISTRIBUTION)
    write({"version": version, "host": configuration.host, "endpoints": endpoints, "codes": codes})
    types = {name: types for _, name, types in known}
    configuration.host = host
    configuration.ssl_ca_cert = certificate
    client = sdk.ApiClient(configuration)
    for line in sys.stdin:
        call = json.loads(line)
        write(outcome(client, call, types[call["operation"]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
