"""Loads a function as Lambda's Init does and prints what that took: `load.py PATH[:PATH…] app|modules|boto3`.

`modules` are the preflight's without its Init, `boto3` the yardstick.

ColdStarts nothing before the clock runs that the function might import.
"""

import sys
import time

sys.path += sys.argv[1].split(":")
before = set(sys.modules)
clock = time.perf_counter()
if sys.argv[2] == "app":
    __import__("app")  # a built function
elif sys.argv[2] == "modules":
    from publishing import (  # noqa: F401 - the layer's
        cold_start,
        endpoint,
        inputs,
        publish_check,
        services,
    )
    from publishing.connecting import wiring as _connecting  # noqa: F401 - the layer's
    from publishing.readiness import (  # noqa: F401 - the layer's
        live,
        wiring,
    )
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
if status.exists():  # Linux; there ru_maxrss would be the parent's, where that is more
    kilobytes = float(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
sys.stdout.write(json.dumps({"seconds": clock, "names": modules, "peak_megabytes": kilobytes / 1024}))
