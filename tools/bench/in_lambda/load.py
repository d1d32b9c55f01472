"""Loads a function as Lambda's Init does and prints the time and memory used: `load.py PATH[:PATH…] app|modules|boto3`.

`modules` imports the preflight's modules without its Init; `boto3` is the yardstick.

Before the clock starts this imports nothing that the function might import.
"""

import sys
import time

sys.path += sys.argv[1].split(":")
before = set(sys.modules)
clock = time.perf_counter()
if sys.argv[2] == "app":
    __import__("app")  # a built function
elif sys.argv[2] == "modules":
    for name in (
        "publishing.cold_start",
        "publishing.settings",
        "publishing.bootstrap",
        "publishing.http.endpoint",
        "publishing.http.request_schemas",
        "publishing.publish_check",
        "publishing.connections.advertiser_list",
        "publishing.readiness.snapshot_refresher",
        "publishing.repositories.connection_repository",
        "publishing.repositories.messaging",
        "publishing.repositories.readiness_repository",
        "publishing.repositories.secret_repository",
        "publishing.repositories.team_repository",
        "tiktok_business.oauth",
        "tiktok_business.transport",
    ):
        __import__(name)  # the layer's
else:
    import boto3

    boto3.client("dynamodb")
clock = time.perf_counter() - clock
modules = sorted(set(sys.modules) - before)

import json  # noqa: E402 - after the clock
import pathlib  # noqa: E402 - after the clock
import re  # noqa: E402 - after the clock
import resource  # noqa: E402 - after the clock

status = pathlib.Path("/proc/self/status")
if status.exists():  # on Linux ru_maxrss may be the parent's
    kilobytes = float(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
sys.stdout.write(json.dumps({"seconds": clock, "names": modules, "peak_megabytes": kilobytes / 1024}))
