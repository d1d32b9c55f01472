"""HTTP requests and responses as values, and TikTok's response envelope; only `server` uses sockets."""

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from pydantic import JsonValue, TypeAdapter, ValidationError
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

JsonObject = dict[str, Any]
_JSON_OBJECT = TypeAdapter(JsonObject)
_FORM_TYPE = "multipart/form-data"


class ApiError(Exception):
    """A TikTok error: HTTP 200 with a code other than 0 (reference: portal doc 1737172488964097).

    `causes` names the rules that refuse a campaign, an ad group or an ad, the one of this error first; for the journal.
    """

    def __init__(self, code: int, message: str, causes: Sequence[str] = ()) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.causes = causes

    @classmethod
    def no_permission(cls, advertiser_id: str) -> "ApiError":
        """The token's user has no rights on this ad account."""
        return cls(40001, f"No permission to operate advertiser: {advertiser_id}")

    @classmethod
    def deleted(cls, advertiser_id: str) -> "ApiError":
        """The ad account was deleted; TikTok uses the code of missing rights."""
        return cls(40001, f"The advertiser {advertiser_id} doesn't exist or has been deleted.")

    @classmethod
    def missing_scope(cls, path: str, method: str) -> "ApiError":
        """The token lacks the endpoint's permission; TikTok uses the code of missing rights."""
        return cls(
            40001,
            "Permission error: The access token lacks the required scope for endpoint "
            f"'/open_api/v1.3/{path}(method={method})'.",
        )

    @classmethod
    def bad_parameter(cls, message: str) -> "ApiError":
        """A parameter is wrong: TikTok's catch-all code."""
        return cls(40002, message)

    @classmethod
    def missing_parameter(cls, name: str) -> "ApiError":
        """A required parameter is absent or empty."""
        return cls.bad_parameter(f"{name}: Missing data for required field.")

    @classmethod
    def token_missing(cls) -> "ApiError":
        """The request has no Access-Token header."""
        return cls(40104, "Access token is missing. Please set the Access-Token header.")

    @classmethod
    def token_invalid(cls) -> "ApiError":
        """The token never existed or was revoked."""
        return cls(40105, "Access token is incorrect or has been revoked.")

    @classmethod
    def wrong_app(cls) -> "ApiError":
        """The token, or the code, was issued to another app."""
        return cls(40113, "The app_id is inconsistent with the token's app information.")

    @classmethod
    def wrong_secret(cls) -> "ApiError":
        """The secret is not the app's."""
        return cls(40101, "The secret does not match the app_id.")

    @classmethod
    def code_invalid(cls) -> "ApiError":
        """The authorization code is unknown, used or expired."""
        return cls(40110, "The auth_code is used, cancelled or expired.")

    @classmethod
    def rate_limited(cls) -> "ApiError":
        """The app called this endpoint too often; no header says how long to wait."""
        return cls(40100, "Too many requests. Please retry later.")


def success(data: JsonObject) -> JsonObject:
    """The envelope of a success."""
    return {"code": 0, "message": "OK", "request_id": _new_request_id(), "data": data}


def failure(error: ApiError) -> JsonObject:
    """The envelope of an error; its data is an empty object."""
    return {"code": error.code, "message": error.message, "request_id": _new_request_id(), "data": {}}


def _new_request_id() -> str:
    """A unique request id in TikTok's format: the time (UTC) and random upper-case hexadecimal digits."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime()) + secrets.token_hex(9).upper()


@dataclass(frozen=True)
class UploadedFile:
    """A file of a multipart form."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Form:
    """A multipart form's texts and files by name; the last value of a repeated name wins."""

    fields: Mapping[str, str]
    files: Mapping[str, UploadedFile]

    @classmethod
    def parse(cls, content_type: str, body: bytes) -> "Form":
        """Read a body of this content type. ApiError: the body is not a complete form."""
        media_type, options = parse_options_header(content_type)
        parser = FormDataParser(stream_factory=lambda *_, **__: BytesIO(), silent=False)
        try:
            _, fields, files = parser.parse(BytesIO(body), media_type, len(body), options)
        except ValueError:
            raise ApiError.bad_parameter("The request body is not a complete multipart form.") from None
        return cls(
            {name: values[-1] for name, values in fields.lists()},
            {name: UploadedFile(files[-1].filename or "", files[-1].read()) for name, files in files.lists()},
        )

    def described(self) -> JsonObject:
        """The form as JSON; a file is described by its name and size in bytes."""
        files = {name: {"file_name": one.name, "size": len(one.content)} for name, one in self.files.items()}
        return {**self.fields, **files}


@dataclass(frozen=True)
class HttpRequest:
    """A request as read from the connection."""

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
        """The query; the last value of a repeated name wins."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def json_object(self) -> JsonObject:
        """The body as a JSON object. ApiError: it is something else."""
        try:
            return _JSON_OBJECT.validate_json(self.body)
        except ValidationError:
            raise ApiError.bad_parameter("The request body is not a JSON object.") from None

    @cached_property
    def form(self) -> Form | None:
        """The body as a multipart form, or None if it has another type. ApiError: the form is incomplete."""
        media_type, _ = parse_options_header(self.content_type)
        return Form.parse(self.content_type, self.body) if media_type == _FORM_TYPE else None

    def url_encoded(self) -> list[tuple[str, str]]:
        """The body as the name-value pairs of an HTML form."""
        return parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True)

    @cached_property
    def decoded_body(self) -> JsonValue:
        """The body as a described form, as JSON or as text, whichever it is; None if it is empty."""
        try:
            if self.form is not None:
                return self.form.described()
        except ApiError:
            return f"<a broken form of {len(self.body)} bytes>"
        try:
            body: JsonValue = json.loads(self.body) if self.body else None
        except ValueError:
            return self.body.decode("utf-8", errors="replace")
        return body

    def acting_token(self) -> str | None:
        """The token that the request concerns: the header's, otherwise the body's."""
        named = self.decoded_body.get("access_token") if isinstance(self.decoded_body, dict) else None
        return named if self.token is None and isinstance(named, str) else self.token

    def advertiser_ids(self) -> set[str]:
        """The advertisers that the request names, in any place that TikTok's endpoints read them from."""
        ids = {*re.findall(r"\d+", self.query.get("advertiser_ids", "")), self.query.get("advertiser_id", "")}
        if isinstance(self.decoded_body, dict):
            ids.add(str(self.decoded_body.get("advertiser_id", "")))
        return ids - {""}


@dataclass(frozen=True)
class HttpResponse:
    """A response before it is sent."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(status: int, value: JsonValue, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A response in JSON."""
    return HttpResponse(status, json.dumps(value).encode(), "application/json", headers or {})


def html_page(status: int, text: str) -> HttpResponse:
    """An HTML page such as gateways return."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status} {text}</h1></body></html>"
    return HttpResponse(status, page.encode(), "text/html")


def plain_text(status: int, text: str) -> HttpResponse:
    """A response in plain text."""
    return HttpResponse(status, text.encode(), "text/plain")
