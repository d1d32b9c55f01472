"""AWS Signature Version 4 of a JSON request, as a pure function.

Without botocore, which would double each function's cold start (docs/performance.md); a test holds it to botocore's.
Source: AWS IAM User Guide, "Create a signed AWS API request", read 2026-11.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of the function's role. Neither ``repr`` nor ``str`` shows what is secret."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def signed_headers(
    credentials: Credentials, *, service: str, region: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """Return ``headers``, which must include ``Host``, and those that sign a POST of ``body`` to ``/`` at ``now``."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    token = {"X-Amz-Security-Token": credentials.session_token} if credentials.session_token else {}
    dated = {**headers, "X-Amz-Date": moment, **token}
    canonical = {name.lower(): " ".join(value.split()) for name, value in dated.items()}
    names = ";".join(sorted(canonical))
    lines = "".join(f"{name}:{canonical[name]}\n" for name in sorted(canonical))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    authorization = f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}"
    return {**dated, "Authorization": f"{authorization}, Signature={signature}"}


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
