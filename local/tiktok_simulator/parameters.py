"""Reading a request's parameters the way TikTok does; whatever is wrong with one is a 40002."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from local.tiktok_simulator.answers import ApiError, JsonObject
from local.tiktok_simulator.multipart import FormFile

# The digits of a 64-bit integer: TikTok has no longer id or page number.
_LONGEST_INTEGER = 19


@dataclass(frozen=True)
class PageOf:
    """Which page of a list is asked for."""

    number: int
    size: int

    @property
    def part(self) -> slice:
        """The page's part of all rows: nothing beyond the last page."""
        return slice((self.number - 1) * self.size, self.number * self.size)

    def info(self, total: int) -> JsonObject:
        """TikTok's `page_info`; an empty list has no page at all."""
        return {
            "page": self.number,
            "page_size": self.size,
            "total_number": total,
            "total_page": -(-total // self.size),
        }


class Parameters:
    """The query of a GET or the body of a POST. Names that nobody asks for are ignored, as TikTok does."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, FormFile] = MappingProxyType({})) -> None:
        self._values = values
        self._files = files

    def text(self, name: str) -> str | None:
        """A string, or None where it is absent or empty."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise ApiError.bad_parameter(f"{name}: Not a valid string.")
        return value or None

    def required_text(self, name: str) -> str:
        """A string that has to be there."""
        value = self.text(name)
        if value is None:
            raise ApiError.bad_parameter(f"{name}: Missing data for required field.")
        return value

    def id(self, name: str) -> str | None:
        """An id that TikTok's gateway turns into a 64-bit integer, so it has to be digits."""
        value = self.text(name)
        return None if value is None else _digits(name, value)

    def required_id(self, name: str) -> str:
        """An id of digits that has to be there."""
        return _digits(name, self.required_text(name))

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """One of the allowed values, or None where it is absent."""
        value = self.text(name)
        return None if value is None else _one_of(name, value, allowed)

    def required_choice(self, name: str, allowed: Collection[str]) -> str:
        """One of the allowed values."""
        return _one_of(name, self.required_text(name), allowed)

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false, as JSON has them."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ApiError.bad_parameter(f"{name}: Not a valid boolean.")
        return value

    def file(self, name: str) -> FormFile | None:
        """A file of a multipart body, or None where it is absent."""
        return self._files.get(name)

    def json_texts(self, name: str) -> list[str] | None:
        """A JSON list of strings, or None where it is absent."""
        value = self._json(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ApiError.bad_parameter(f"{name}: Not a valid JSON list of strings.")
        return value

    def required_ids(self, name: str) -> list[str]:
        """A JSON list of ids, at least one."""
        values = self.json_texts(name)
        if not values:
            raise ApiError.bad_parameter(f"{name}: Missing data for required field.")
        return [_digits(name, value) for value in values]

    def json_object(self, name: str) -> JsonObject:
        """A JSON object, empty where it is absent."""
        value = self._json(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ApiError.bad_parameter(f"{name}: Not a valid JSON object.")
        return value

    def page(self, *, default_size: int, max_size: int) -> PageOf:
        """The page asked for. A size above the maximum is refused, never clamped."""
        return PageOf(self._integer("page", 1, None), self._integer("page_size", default_size, max_size))

    def _integer(self, name: str, default: int, maximum: int | None) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not _is_digits(value) or int(value) < 1:
            raise ApiError.bad_parameter(f"{name}: Must be an integer of 1 or more.")
        if maximum is not None and int(value) > maximum:
            raise ApiError.bad_parameter(f"{name}: Must be between 1 and {maximum}.")
        return int(value)

    def _json(self, name: str) -> object:
        text = self.text(name)
        if text is None:
            return None
        try:
            value: object = json.loads(text)
        except ValueError:
            raise ApiError.bad_parameter(f"{name}: Not a valid JSON.") from None
        return value


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _LONGEST_INTEGER


def _digits(name: str, value: str) -> str:
    if not _is_digits(value):
        raise ApiError.bad_parameter(f"{name}: Not a valid integer.")
    return value


def _one_of(name: str, value: str, allowed: Collection[str]) -> str:
    if value not in allowed:
        raise ApiError.bad_parameter(f"{name}: Must be one of: {', '.join(sorted(allowed))}.")
    return value
