"""Recordings of TikTok's answers without names, ids, URLs and tokens; and their replay.

The same value becomes the same replacement everywhere, also in requests, so that rows still belong together. What is
kept is a list: words of known fields, small numbers of known fields, booleans, nulls. All else is replaced.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from local.console import CommandError
from tiktok_business.deadline import Deadline
from tiktok_business.oauth import DeveloperApp
from tiktok_business.transport import Body, RawAnswer
from tools.verify_tiktok.observe import Exchange, Observation, Observer

_WORD_FIELDS = re.compile(
    r"(?:^|_)(?:status|type|types|role|mode|platform|eligible|objectives|fields|allowed|retargeting)$"
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_NUMBER_FIELDS = frozenset({"code", "page", "page_size", "total_number", "total_page", "cursor"})
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?P<rest>.*)", re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@\"'<>(,;]+@[^\s@\"'<>),;]+")
_LONG_NUMBER = re.compile(r"\d{5,}")
_SHORT = 4
"""Digits of a number that names nothing."""


@dataclass
class Anonymiser:
    """Replaces values; the same value always by the same replacement."""

    replaced: dict[str, str] = field(default_factory=dict)

    def value(self, value: Any, name: str = "") -> Any:
        """The replacement of a JSON value that is in a field of this name; dicts and lists keep their shape."""
        match value:
            case dict():
                return {self._key(key): self.value(one, key) for key, one in value.items()}
            case list() | tuple():
                return [self.value(one, name) for one in value]
            case bool() | None:
                return value
            case int():
                return value if name in _NUMBER_FIELDS or value in {0, 1} else int(self._digits(str(abs(value))))
            case float():
                return 1.5
            case _:
                return self._text(str(value), name)

    def message(self, text: str) -> str:
        """TikTok's sentence, without the values that other answers contain, and without ids, addresses and URLs."""
        for original in sorted(self.replaced, key=len, reverse=True):
            if len(original) > _SHORT:
                text = text.replace(original, self.replaced[original])
        for shape in (_URL, _EMAIL, _UUID, _LONG_NUMBER):
            text = shape.sub(lambda found: self._known(found[0]) or self._text(found[0], ""), text)
        return text

    def _known(self, text: str) -> str | None:
        """The text itself if it is a replacement already."""
        return text if text in self.replaced.values() else None

    def _key(self, key: str) -> str:
        return key if _WORD.fullmatch(key) else self._text(key, "")

    def _text(self, text: str, name: str) -> str:
        if not text or (_WORD_FIELDS.search(name) and _WORD.fullmatch(text)):
            return text
        if name == "message":
            return self.message(text)
        if text.isascii() and text.isdigit():
            return self._digits(text)
        if date := _DATE.fullmatch(text):
            return f"2020-01-01{re.sub(r'[0-9]', '0', date['rest'])}"
        if _URL.match(text):
            text = text.partition("?")[0]  # its query has times and signatures
        return self.replaced.setdefault(text, self._shaped(text, len(self.replaced) + 1))

    def _shaped(self, text: str, number: int) -> str:
        """The replacement with this number, of the text's kind."""
        if _UUID.fullmatch(text):
            return f"00000000-0000-4000-8000-{number:012d}"
        return f"https://tiktok.invalid/{number}" if _URL.match(text) else f"text {number}"

    def _digits(self, text: str) -> str:
        """Another number with as many digits; one of few digits names nothing, and becomes one of its length."""
        if len(text) <= _SHORT:
            return "1" * len(text)
        return self.replaced.setdefault(text, f"7{len(self.replaced) + 1:0{len(text) - 1}d}")


def recording(observations: Sequence[Observation], advertiser_id: str | None, secrets: Sequence[SecretStr]) -> str:
    """The observations as the text of a recording.

    Raises:
        CommandError: a secret or an id would still be in it.
    """
    anonymiser = Anonymiser()
    for _ in range(2):  # the second time sentences are written, all values are known
        content = {
            "advertiser_id": advertiser_id and anonymiser.value(advertiser_id),
            "app": any(one.endpoint.startswith("oauth2/") for one in observations),
            "observations": [
                {
                    "name": one.name,
                    "outcome": one.outcome,
                    "exchanges": [_anonymous(exchange, anonymiser) for exchange in one.exchanges],
                }
                for one in observations
            ],
        }
    text = json.dumps(content, ensure_ascii=True, indent=1) + "\n"
    originals = [one for one in anonymiser.replaced if len(one) > 2 * _SHORT and not one.isalpha()]
    values = [*originals, *(one.get_secret_value() for one in secrets)]
    if any(json.dumps(one)[1:-1] in text for one in values):
        raise CommandError("A recording would contain an id, a name or a secret. Nothing was written; report this.")
    return text


def _anonymous(exchange: Exchange, anonymiser: Anonymiser) -> Mapping[str, Any]:
    answer = exchange.answer if isinstance(exchange.answer, dict) else "<html></html>"
    return {
        "endpoint": exchange.endpoint,
        "params": anonymiser.value(dict(exchange.params)),
        "status": exchange.status,
        "answer": anonymiser.value(answer),
    }


@dataclass
class Replay:
    """A transport that answers with a recording: the answers of each read in their order, whatever is asked."""

    exchanges: Mapping[str, deque[Exchange]]
    current: Callable[[], str]

    def send(
        self,
        method: str,
        endpoint: str,
        *,
        token: SecretStr | None,
        deadline: Deadline,
        params: Mapping[str, Any] | None = None,
        body: Body | None = None,
    ) -> RawAnswer:
        """Return the next recorded answer."""
        del method, token, deadline, params, body
        waiting = self.exchanges.get(self.current())
        if not waiting or waiting[0].endpoint != endpoint:
            raise AssertionError(f"{self.current()}: {endpoint} was not recorded here. Record again.")
        exchange = waiting.popleft()
        answer = exchange.answer if isinstance(exchange.answer, str) else json.dumps(exchange.answer)
        return RawAnswer(exchange.status, answer.encode())


def replay(text: str) -> list[tuple[Observation, int | str]]:
    """Make every read of a recording again, with its answers; each with the outcome that was recorded."""
    content = json.loads(text)
    rows = content["observations"]
    # Reads of the same name (a catalog for each Business Center) come one after the other.
    exchanges: dict[str, deque[Exchange]] = {}
    for row in rows:
        exchanges.setdefault(row["name"], deque()).extend(Exchange(**one) for one in row["exchanges"])
    app = DeveloperApp("1", SecretStr("secret")) if content["app"] else None
    observer = Observer(
        Replay(exchanges, lambda: observer.observations[-1].name), SecretStr("token"), app, sleep=lambda _: None
    )
    observed = observer.all(content["advertiser_id"])
    if [one.name for one in observed] != [row["name"] for row in rows]:
        raise AssertionError(f"The reads have changed: {[one.name for one in observed]}. Record again.")
    return list(zip(observed, [row["outcome"] for row in rows], strict=True))
