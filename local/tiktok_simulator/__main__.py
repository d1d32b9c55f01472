"""Run the simulator: `python -m local.tiktok_simulator --port 8900`; `--tls FOLDER` serves HTTPS."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from local.loopback import certificate
from local.tiktok_simulator.simulator import Simulator


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m local.tiktok_simulator", description="A simulated TikTok Marketing API."
    )
    parser.add_argument("--port", type=int, default=8900, help="port on 127.0.0.1 (0: any free port)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every response")
    parser.add_argument("--rate-limit-qps", type=int, help="requests per second and endpoint (default: no limit)")
    parser.add_argument("--tls", type=Path, metavar="FOLDER", help="serve HTTPS with a certificate created in FOLDER")
    options = parser.parse_args()
    context = certificate(options.tls, "127.0.0.1")[1] if options.tls else None
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        simulator = Simulator(
            port=options.port,
            ssl_context=context,
            latency=options.latency,
            rate_limit_qps=options.rate_limit_qps,
        ).start()
    except (OSError, OverflowError, ValueError) as error:
        sys.stderr.write(f"The simulator cannot listen on 127.0.0.1:{options.port}: {error}\n")
        return 1
    with simulator:
        sys.stdout.write(f"{simulator.base_url}\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
