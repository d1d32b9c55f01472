"""Signatures compared with botocore's."""

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import example, given
from hypothesis import strategies as st

from publishing.repositories.sigv4 import Credentials, signed_headers

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
MOMENT = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)

access_keys = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=24)
secret_keys = st.text(min_size=1, max_size=50).filter(lambda text: text.isascii() or text.isprintable())
tokens = st.none() | st.text(PRINTABLE, max_size=80)
names = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)
hosts = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9](\.[a-z][a-z0-9]{1,10}){0,4}(:8[0-9]{3})?", fullmatch=True)
# With outer and repeated blanks: the value is signed without them.
values = st.text(PRINTABLE + "\t", max_size=60)
moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 -- the time zone comes with the next argument
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


def by_botocore(
    credentials: Credentials,
    *,
    service: str,
    region: str,
    host: str,
    headers: dict[str, str],
    body: bytes,
    now: datetime,
) -> dict[str, str]:
    """Return the headers that botocore would send, without Host."""
    request = AWSRequest(method="POST", url=f"https://{host}/", headers=headers, data=body)
    signer = SigV4Auth(
        BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.session_token), service, region
    )
    with pytest.MonkeyPatch.context() as patched:  # botocore accepts no time as an argument
        patched.setattr("botocore.auth.get_current_datetime", lambda: now.astimezone(UTC).replace(tzinfo=None))
        signer.add_auth(request)
    return dict(request.headers.items())


@given(
    access_key=access_keys,
    secret_key=secret_keys,
    session_token=tokens,
    service=names,
    region=names,
    host=hosts,
    content_type=values,
    target=values,
    body=st.binary(max_size=300),
    now=moments,
)
@example(  # the date of the signature is in UTC
    access_key="AKIDEXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    session_token="made+up/token==",
    service="dynamodb",
    region="eu-central-1",
    host="dynamodb.eu-central-1.amazonaws.com",
    content_type="application/x-amz-json-1.0",
    target="DynamoDB_20120810.GetItem",
    body=b'{"TableName": "\xc3\xa4"}',
    now=datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))),
)
def test_signatures_equal_botocores(
    *,
    access_key: str,
    secret_key: str,
    session_token: str | None,
    service: str,
    region: str,
    host: str,
    content_type: str,
    target: str,
    body: bytes,
    now: datetime,
) -> None:
    """Signature, signed headers, date and session token equal botocore's."""
    credentials = Credentials(access_key, secret_key, session_token)
    headers = {"Content-Type": content_type, "X-Amz-Target": target}
    mine = signed_headers(
        credentials, service=service, region=region, headers={"Host": host, **headers}, body=body, now=now
    )
    theirs = by_botocore(credentials, service=service, region=region, host=host, headers=headers, body=body, now=now)
    assert mine == {"Host": host, **theirs}
    assert ("X-Amz-Security-Token" in mine) == bool(session_token)


def test_every_header_is_signed() -> None:
    """Host, operation, date and session token are signed, so that none can be changed in transit."""
    sent = signed_headers(
        Credentials("key", "secret", "token"),
        service="dynamodb",
        region="eu-central-1",
        headers={"Host": "localhost", "Content-Type": "application/json", "X-Amz-Target": "Any.Thing"},
        body=b"{}",
        now=MOMENT,
    )
    signed = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
    assert (
        f"Credential=key/20261103/eu-central-1/dynamodb/aws4_request, SignedHeaders={signed}, "
        in (sent["Authorization"])
    )
    assert sorted(name.lower() for name in sent if name != "Authorization") == signed.split(";")


def test_the_given_headers_are_not_changed() -> None:
    """The given mapping is not changed, so that a retry can be signed anew."""
    headers = {"Host": "localhost"}
    signed_headers(Credentials("key", "secret"), service="s", region="r", headers=headers, body=b"", now=MOMENT)
    assert headers == {"Host": "localhost"}


def test_credentials_do_not_show_secrets() -> None:
    """repr and str contain neither the secret key nor the session token."""
    credentials = Credentials("AKIDEXAMPLE", "canary-key", "canary-token")
    assert "AKIDEXAMPLE" in repr(credentials)
    assert "canary" not in f"{credentials!r} {credentials!s} {[credentials]}"
