"""HTTP requests and answers as values, so that only `server` has to know sockets."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl

from local.tiktok_simulator.answers import ApiError, JsonObject
from local.tiktok_simulator.faults import Fault
from local.tiktok_simulator.journal import text_without_secrets, without_secrets
from local.tiktok_simulator.multipart import Form, is_multipart


@dataclass(frozen=True)
class HttpRequest:
    """A request as read from the wire."""

    method: str
    target: str
    token: str | None = field(repr=False)
    origin: str | None
    content_type: str
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query; of a name that is given twice the last value counts."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def json_body(self) -> JsonObject:
        """The body as a JSON object; TikTok refuses anything else."""
        try:
            body = json.loads(self.body)
        except ValueError:
            raise ApiError.bad_parameter("The request body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise ApiError.bad_parameter("The request body is not a JSON object.")
        return body

    @cached_property
    def form(self) -> Form | None:
        """The body as a multipart form; None where it is something else."""
        return Form.parse(self.content_type, self.body) if is_multipart(self.content_type) else None

    def url_encoded(self) -> list[tuple[str, str]]:
        """The body as what a page's form sends."""
        return parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True)

    def recorded_body(self) -> object:
        """The body for the journal, without its secrets: JSON, form or text, None where it is empty."""
        body = self._body()
        return text_without_secrets(body) if isinstance(body, str) else without_secrets(body)

    def acting_token(self) -> str | None:
        """The token that the request is about: of its header, else of its body."""
        body = self._body()
        named = body.get("access_token") if isinstance(body, dict) else None
        return self.token if self.token is not None or not isinstance(named, str) else named

    def advertiser_ids(self) -> set[str]:
        """The advertisers that the request names, wherever TikTok's endpoints take them."""
        query = self.query
        ids = set(re.findall(r"\d+", query.get("advertiser_ids", ""))) | {query.get("advertiser_id", "")}
        body = self._body()
        if isinstance(body, dict):
            ids.add(str(body.get("advertiser_id", "")))
        return ids - {""}

    def _body(self) -> object:
        try:
            form = self.form
        except ApiError:
            return f"<a broken form of {len(self.body)} bytes>"
        if form is not None:
            return form.described()
        try:
            body: object = json.loads(self.body) if self.body else None
        except ValueError:
            return self.body.decode("utf-8", errors="replace")
        return body


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """An answer, and how it is to be delivered: so much later, and with a fault of the connection if any."""

    answer: Answer
    latency: float = 0.0
    fault: Fault | None = None


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    return Answer(status, json.dumps(value).encode(), "application/json", headers or {})


def html_page(status: int, text: str) -> Answer:
    """What gateways answer: an HTML page."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status} {text}</h1></body></html>"
    return Answer(status, page.encode(), "text/html")


def plain_text(status: int, text: str) -> Answer:
    """An answer in plain text."""
    return Answer(status, text.encode(), "text/plain")
