"""TikTok's rows as models that tolerate irregular rows."""

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from tiktok_business.models import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    CreatedIdentity,
    Identity,
    IdentityType,
    Page,
    PageLibrary,
    Pixel,
    TermCheck,
    UploadedImage,
    usable_token,
)

MINIMAL: dict[type[BaseModel], dict[str, Any]] = {
    Identity: {"identity_id": "7600000000000000001", "identity_type": "TT_USER"},
    Pixel: {"pixel_id": "1"},
    BusinessCenter: {"bc_info": {"bc_id": "1"}},
    Catalog: {"catalog_id": "1"},
    App: {"app_id": "1"},
    Page: {"page_id": "1", "status": "PUBLISHED"},
    PageLibrary: {"library_id": "1", "advertiser_id": "2"},
    Advertiser: {"advertiser_id": "1"},
    CreatedIdentity: {"identity_id": "1"},
    TermCheck: {"confirmed": True},
}
IDS = [
    (Identity, "identity_id"),
    (Pixel, "pixel_id"),
    (Catalog, "catalog_id"),
    (App, "app_id"),
    (Page, "page_id"),
    (PageLibrary, "library_id"),
    (PageLibrary, "advertiser_id"),
    (Advertiser, "advertiser_id"),
    (CreatedIdentity, "identity_id"),
]
DISPLAYED = [
    (Identity, "display_name"),
    (Identity, "profile_image"),
    (Pixel, "pixel_name"),
    (Pixel, "activity_status"),
    (Catalog, "catalog_name"),
    (App, "app_name"),
    (App, "platform"),
    (Page, "title"),
    (Advertiser, "name"),
    (Advertiser, "status"),
]
DECIDING = [(Identity, "available_status"), (Identity, "is_gpppa"), (Catalog, "ad_creation_eligible")]


@pytest.mark.parametrize("model", MINIMAL, ids=lambda model: model.__name__)
class TestAnyRow:
    def test_minimal(self, model: type[BaseModel]) -> None:
        """A row needs only its required fields; the others are None."""
        read = model.model_validate(MINIMAL[model])
        assert {name for name, value in read.model_dump().items() if value is not None} == set(MINIMAL[model])

    def test_required_fields(self, model: type[BaseModel]) -> None:
        """A row without one of its required fields is invalid."""
        for name in MINIMAL[model]:
            without = {key: value for key, value in MINIMAL[model].items() if key != name}
            for row in (without, {**without, name: None}):
                with pytest.raises(ValidationError):
                    model.model_validate(row)

    def test_unknown_fields(self, model: type[BaseModel]) -> None:
        """Unknown fields are ignored."""
        row = {**MINIMAL[model], "new_field": {"deep": [1]}}
        assert model.model_validate(row) == model.model_validate(MINIMAL[model])

    @pytest.mark.parametrize("row", [None, True, 7, "text", [], [{}]], ids=repr)
    def test_no_object(self, model: type[BaseModel], row: object) -> None:
        """A row that is not an object is invalid."""
        with pytest.raises(ValidationError):
            model.model_validate(row)


@pytest.mark.parametrize(("model", "name"), IDS)
class TestIds:
    def test_number(self, model: type[BaseModel], name: str) -> None:
        """An id that is a number becomes its digits."""
        row = {**MINIMAL[model], name: 7176842096345694209}
        assert getattr(model.model_validate(row), name) == "7176842096345694209"

    @pytest.mark.parametrize("value", ["", "  ", "\n", True, 7.1e18, ["1"], {"id": "1"}], ids=repr)
    def test_no_id(self, model: type[BaseModel], name: str, value: object) -> None:
        """An empty id, or one that is neither a string nor an integer, is invalid."""
        with pytest.raises(ValidationError):
            model.model_validate({**MINIMAL[model], name: value})


@pytest.mark.parametrize(("model", "name"), DISPLAYED)
@pytest.mark.parametrize("value", ["", " \t", None, 5, True, [], {}], ids=repr)
def test_displayed(model: type[BaseModel], name: str, value: object) -> None:
    """A name or picture that is empty or not a string becomes None; the row stays valid."""
    assert getattr(model.model_validate({**MINIMAL[model], name: value}), name) is None
    assert getattr(model.model_validate({**MINIMAL[model], name: "Acme"}), name) == "Acme"


@pytest.mark.parametrize(("model", "name"), DECIDING)
@pytest.mark.parametrize("value", [5, [], {}, 0.5], ids=repr)
def test_deciding(model: type[BaseModel], name: str, value: object) -> None:
    """A field that decides usability and has another type makes the row invalid."""
    with pytest.raises(ValidationError):
        model.model_validate({**MINIMAL[model], name: value})


@pytest.mark.parametrize(("model", "name"), [pair for pair in DECIDING if pair[1] != "is_gpppa"])
def test_open_values(model: type[BaseModel], name: str) -> None:
    """An unknown status is kept unchanged."""
    assert getattr(model.model_validate({**MINIMAL[model], name: "NEW_STATUS"}), name) == "NEW_STATUS"


@pytest.mark.parametrize(("model", "name"), DECIDING)
def test_no_information(model: type[BaseModel], name: str) -> None:
    """Null is the same as an absent field."""
    assert getattr(model.model_validate({**MINIMAL[model], name: None}), name) is None


@pytest.mark.parametrize(("model", "name"), [pair for pair in DECIDING if pair[1] != "is_gpppa"])
@pytest.mark.parametrize(("value", "read"), [(True, "AVAILABLE"), (False, "NOT_AVAILABLE")])
def test_status_as_flag(model: type[BaseModel], name: str, value: bool, read: str) -> None:  # noqa: FBT001 - a row of the table
    """A status that TikTok sends as true or false has the word that it documents."""
    assert getattr(model.model_validate({**MINIMAL[model], name: value}), name) == read


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (False, False), ("true", True), ("false", False), ("", None), (None, None)]
)
def test_gpppa(value: object, read: bool | None) -> None:  # noqa: FBT001 - a row of the table
    """A government account may be marked by a text; an empty one says nothing."""
    assert Identity.model_validate({**MINIMAL[Identity], "is_gpppa": value}).is_gpppa is read


@pytest.mark.parametrize(
    ("value", "read"), [(512, 512), ("512", 512), (512.0, 512), (0, None), ("0", None), (-1, None), ("wide", None)]
)
def test_lengths(value: object, read: int | None) -> None:
    """A length in pixels may be a text; anything but a positive number becomes None."""
    assert UploadedImage.model_validate({"image_id": "i/1", "width": value}).width == read


@pytest.mark.parametrize("value", [1, None, ["PUBLISHED"]], ids=repr)
def test_page_status(value: object) -> None:
    """A lead form without a valid status is invalid, not a draft."""
    with pytest.raises(ValidationError):
        Page.model_validate({"page_id": "1", "status": value})


@pytest.mark.parametrize("ownership", ["UNBOUND", 1, [], {"asset_relation_status": 1}], ids=repr)
def test_ownership_of_another_shape(ownership: object) -> None:
    """A pixel with an unreadable ownership is invalid."""
    with pytest.raises(ValidationError):
        Pixel.model_validate({"pixel_id": "1", "asset_ownership": ownership})


@pytest.mark.parametrize(
    ("ownership", "status"),
    [
        ({}, None),
        ({"asset_relation_status": None}, None),
        ({"asset_relation_status": ""}, None),
        ({"asset_relation_status": "UNBOUND"}, "UNBOUND"),
    ],
    ids=repr,
)
def test_ownership(ownership: dict[str, Any], status: str | None) -> None:
    """A pixel's ownership has a status or None."""
    pixel = Pixel.model_validate({"pixel_id": "1", "asset_ownership": ownership})
    assert pixel.asset_ownership is not None
    assert pixel.asset_ownership.asset_relation_status == status


@pytest.mark.parametrize(
    ("value", "read"), [(True, True), (False, False), (None, None), ("true", None), (1, None), ([], None)], ids=repr
)
def test_custom_identity_flag(value: object, read: bool | None) -> None:  # noqa: FBT001 - a row of the table
    """The flag is true or false only if TikTok returns exactly that, otherwise None."""
    advertiser = Advertiser.model_validate({"advertiser_id": "1", "can_use_custom_identity": value})
    assert advertiser.can_use_custom_identity is read


def test_identity_types() -> None:
    """Identities of unknown types are valid; known types have TikTok's values."""
    assert Identity.model_validate({"identity_id": "1", "identity_type": "TTS_TT"}).identity_type == "TTS_TT"
    assert {kind.value for kind in IdentityType} == {"CUSTOMIZED_USER", "AUTH_CODE", "TT_USER", "BC_AUTH_TT"}


@pytest.mark.parametrize("token", ["", "   ", "a b", "a\n", "t\u00f6ken", "\u2026", "a\x7f"], ids=ascii)
def test_unusable_token(token: str) -> None:
    """A token that no HTTP header can hold is unusable."""
    assert not usable_token(SecretStr(token))
    assert usable_token(SecretStr("act.x"))
