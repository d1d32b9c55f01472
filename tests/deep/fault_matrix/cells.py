"""The cells of the matrix: every variant of a failure of an endpoint, in every scene where it can occur."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.tiktok_simulator import Fault, FaultKind
from publishing.connections.completion import CORRECTABLE
from tests.deep.fault_matrix.faults import (
    APP_REJECTED_CODES,
    BEYOND_10_MB,
    FAILURES,
    ID_AS_NUMBER,
    MORE_THAN_50_PAGES,
    OTHER_APP_CODES,
    TOKEN,
    Conclusion,
    Failure,
    Variant,
)
from tests.deep.fault_matrix.rows import ACTED, NOT_ACTED, ROWS, Row
from tests.deep.fault_matrix.rules import NO_TOKEN, Summary

EXCHANGE, LISTING, REVOKE = "oauth2/access_token/", "oauth2/advertiser/get/", "oauth2/revoke_token/"
_APP_REJECTED = {EXCHANGE: APP_REJECTED_CODES, REVOKE: CORRECTABLE}
TEN_MEGABYTES = 10_000_000
_BOOLEANS = frozenset({"can_use_custom_identity", "confirmed"})
_OBJECTS = frozenset({"asset_ownership"})
_COUNTS = frozenset({"total_number", "total_page"})
_SEVERAL_PAGES = frozenset({"far", "barren"})
_OUTCOME_UNKNOWN = frozenset({Conclusion.TRANSIENT, Conclusion.UNEXPECTED, Conclusion.TIMEOUT})


@dataclass(frozen=True)
class Cell:
    """One request with one fault in one scene; small enough to be sent to another process."""

    row_number: int
    failure_number: int
    variant_number: int
    key: str | None
    scene: str
    teammate: bool = False
    """Whether a teammate has a valid token for the advertiser."""

    @property
    def row(self) -> Row:
        return ROWS[self.row_number]

    @property
    def failure(self) -> Failure:
        return FAILURES[self.failure_number]

    @property
    def variant(self) -> Variant:
        return self.failure.variants[self.variant_number]

    @property
    def name(self) -> str:
        values = {**self.variant.values, **({"key": self.key} if self.key else {})}
        arguments = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return (
            f"{self.row.title}: {self.failure.name} [{arguments}] {self.scene}{' + teammate' if self.teammate else ''}"
        )

    @property
    def takes_time(self) -> bool:
        return self.failure.conclusion is Conclusion.TIMEOUT

    @property
    def conclusion(self) -> Conclusion:
        """What follows from the response; an endpoint may have no pages to repeat, or no counts."""
        kind = self.variant.kind
        if kind is FaultKind.DUPLICATE_PAGES and self.scene not in _SEVERAL_PAGES:
            return Conclusion.UNAFFECTED
        if kind is FaultKind.CHANGING_TOTALS and not self.row.counted:
            return Conclusion.UNAFFECTED
        if kind is FaultKind.SLOW_DRIP and self.row.waits_for_slow_responses:
            return Conclusion.UNAFFECTED
        if self.row.endpoint in {LISTING, REVOKE} and self.failure.conclusion is Conclusion.TOKEN_INVALID:
            return Conclusion.REJECTED if self.variant.values["code"] in OTHER_APP_CODES else Conclusion.TOKEN_INVALID
        if self.variant.values.get("code") in _APP_REJECTED.get(self.row.endpoint, frozenset()):
            return Conclusion.APP_REJECTED
        return self.failure.conclusion

    @property
    def expected(self) -> Summary:
        return self.row.rule(self.row.without_fault, self.conclusion, self.scene)

    @property
    def uses_teammates_token(self) -> bool:
        """Whether a teammate's token is used, if there is one."""
        if self.row.operation == "publish" or self.row.skip:  # other calls about the advertiser succeed
            return self.conclusion is Conclusion.TOKEN_INVALID
        return self.conclusion in {Conclusion.TOKEN_INVALID, Conclusion.NO_ACCESS}

    @property
    def expected_finally(self) -> Summary:
        """The expected summary, considering the teammate's token."""
        return self.row.without_fault[self.scene] if self.teammate and self.uses_teammates_token else self.expected

    @property
    def expires_connection(self) -> bool:
        """Whether the caller's connection must be marked expired."""
        return self.conclusion is Conclusion.TOKEN_INVALID and NO_TOKEN in self.expected

    def fault(self, token: str) -> Fault | None:
        """Return the simulator's fault; ``token`` replaces the placeholder in its values."""
        variant = self.variant
        if variant.kind is None:
            return None
        values = {name: _substituted(value, token, self.row) for name, value in variant.values.items()}
        if self.key is not None:
            values["key"] = self.key
        if variant.both and self.scene == ACTED and not self.row.after_lost_write:
            values["applied"] = True
        return Fault(path=self.row.endpoint, kind=variant.kind, token=token, skip=self.row.skip, **values)


def _substituted(value: Any, token: str, row: Row) -> Any:
    match value:
        case int() if value == BEYOND_10_MB and not isinstance(value, bool):
            return TEN_MEGABYTES * 6 // 5 // row.row_bytes
        case str() if value == ID_AS_NUMBER:
            return int(row.id_number)
        case str():
            return value.replace(TOKEN, token)
        case list():
            return [_substituted(one, token, row) for one in value]
        case dict():
            return {name: _substituted(one, token, row) for name, one in value.items()}
        case _:
            return value


def cells() -> Iterator[Cell]:
    """Yield all cells."""
    for row_number, row in enumerate(ROWS):
        for failure_number, failure in enumerate(FAILURES):
            for variant_number, variant in enumerate(failure.variants):
                for key in _keys(row, variant):
                    for scene in _scenes(row, failure, variant):
                        yield Cell(row_number, failure_number, variant_number, key, scene)
                    if (
                        row.may_use_teammate
                        and failure.conclusion is not Conclusion.TIMEOUT
                        and failure.name != MORE_THAN_50_PAGES
                    ):
                        yield Cell(row_number, failure_number, variant_number, key, "there", teammate=True)


def _keys(row: Row, variant: Variant) -> list[str] | list[None]:
    """Return the endpoint's keys that the variant applies to; [None] if it applies to no key."""
    if variant.kind is FaultKind.HUGE_LIST and variant.values["repeat"] == BEYOND_10_MB and not row.row_bytes:
        return []
    if variant.part is None:
        return [None]
    return [key for key in row.parts.get(variant.part, ()) if _is_wrong(key, variant)]


def _is_wrong(key: str, variant: Variant) -> bool:
    """Return whether the value has a wrong type for the key."""
    value = variant.values.get("value")
    valid_keys = {bool: _BOOLEANS, dict: _OBJECTS, int: _COUNTS}.get(type(value), frozenset())
    return key not in valid_keys


def _scenes(row: Row, failure: Failure, variant: Variant) -> tuple[str, ...]:
    if failure.name == MORE_THAN_50_PAGES:
        return ("endless",) if "endless" in row.scenes else ()
    if row.writes:
        return _write_scenes(failure, variant)
    if variant.kind is FaultKind.DUPLICATE_PAGES and "far" in row.scenes:
        return ("far", "barren")
    return (ACTED, NOT_ACTED) if row.after_lost_write else ("there", "absent")


def _write_scenes(failure: Failure, variant: Variant) -> tuple[str, ...]:
    """Return whether TikTok may have applied a write that fails like this."""
    if variant.both:
        return (ACTED, NOT_ACTED) if failure.conclusion in _OUTCOME_UNKNOWN else (NOT_ACTED,)
    return (NOT_ACTED,) if variant.kind is FaultKind.RESET_BEFORE else (ACTED,)
