"""How endpoints read a request: parameter models, and the context of a request that passed the token checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from local.tiktok_simulator.http_messages import ApiError, JsonObject, UploadedFile
from local.tiktok_simulator.world import Advertiser, BusinessCenter, Token, World

Id = Annotated[str, StringConstraints(pattern="^[0-9]{1,19}$")]
"""An id that TikTok's gateway converts to a 64-bit integer."""

Integer = Annotated[int, BeforeValidator(TypeAdapter(Id).validate_python)]
"""An integer written as digits in a query."""

_MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "Missing data for required field.",
        "too_short": "Missing data for required field.",
        "string_type": "Not a valid string.",
        "string_too_long": "Length must be between 1 and {max_length}.",
        "string_pattern_mismatch": "Not a valid integer.",
        "value_error": "Not a valid integer.",
        "greater_than_equal": "Must be an integer of {ge} or more.",
        "less_than_equal": "Must be between 1 and {le}.",
        "bool_type": "Not a valid boolean.",
        "literal_error": "Must be one of: {expected}.",
        "list_type": "Not a valid JSON list of strings.",
        "tuple_type": "Not a valid JSON list of strings.",
        "frozen_set_type": "Not a valid JSON list of strings.",
        "dict_type": "Not a valid JSON object.",
        "model_type": "Not a valid JSON object.",
        "json_type": "Not a valid JSON.",
        "json_invalid": "Not a valid JSON.",
    }
)
"""TikTok's message for each kind of pydantic's errors."""


class Parameters(BaseModel):
    """The query of a GET or the body of a POST. Unknown names are ignored, as TikTok does; empty means absent."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        return {name: value for name, value in values.items() if value not in (None, "")}

    @classmethod
    def read(cls, values: Mapping[str, JsonValue]) -> Self:
        """Validate a request's parameters. ApiError: one of them is wrong (40002)."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
            message = _MESSAGES.get(first["type"], "Invalid value.").format(**first.get("ctx", {}))
            raise ApiError.bad_parameter(f"{name}: {message}") from None


class AdvertiserParameters(Parameters):
    """The parameters of an endpoint that concerns one advertiser."""

    advertiser_id: Id


class PageParameters(Parameters):
    """The parameters of a list. A page size above the maximum is refused, never reduced."""

    page: Integer = Field(default=1, ge=1)
    page_size: Integer = Field(default=10, ge=1, le=100)

    def page_of[Item](self, items: Sequence[Item]) -> Sequence[Item]:
        """The requested page; empty after the last page."""
        return items[(self.page - 1) * self.page_size : self.page * self.page_size]

    def page_info(self, total: int) -> JsonObject:
        """TikTok's `page_info`; an empty list has no page at all."""
        return {
            "page": self.page,
            "page_size": self.page_size,
            "total_number": total,
            "total_page": -(-total // self.page_size),
        }


class Keyword(BaseModel):
    """The `filtering` parameter; the keyword matches anywhere in the name, in any letter case."""

    keyword: str = ""

    def matches(self, name: str) -> bool:
        """Whether a name contains the keyword."""
        return self.keyword.casefold() in name.casefold()


@dataclass(frozen=True)
class RequestContext:
    """A request that passed the token and scope checks; `now` is in epoch seconds."""

    world: World
    token: Token
    values: Mapping[str, JsonValue]
    files: Mapping[str, UploadedFile]
    now: float

    def read[Model: Parameters](self, model: type[Model]) -> Model:
        """The request's parameters. ApiError: one of them is wrong (40002)."""
        return model.read(self.values)

    def advertiser(self, advertiser_id: str) -> Advertiser:
        """An advertiser. ApiError: this token has no access to it, or it was deleted."""
        if advertiser_id not in self.token.advertiser_ids:
            raise ApiError.no_permission(advertiser_id)
        advertiser = self.world.advertisers.get(advertiser_id)
        if advertiser is None or advertiser.deleted:
            raise ApiError.deleted(advertiser_id)
        return advertiser

    def visible_center(self, bc_id: str | None) -> BusinessCenter | None:
        """A Business Center, or None if this token's user does not see it."""
        center = self.world.business_centers.get(bc_id) if bc_id else None
        return center if center and self.token.user in center.user_roles else None
