"""The check of lead forms: the advertiser's own forms, then those of its form libraries."""

import pytest

from publishing.preflight.findings import Finding, Status
from publishing.preflight.prerequisites import check_lead_form
from tests.support.scripted_tiktok import Reply, ScriptedTransport, client_of, error_response, success
from tiktok_business.endpoints import TikTokBusinessApi
from tiktok_business.errors import TokenInvalidError

NONE = success({"list": []})
DRAFT = success({"list": [{"page_id": "1", "status": "EDITED"}]})
PUBLISHED = success({"list": [{"page_id": "2", "status": "PUBLISHED"}]})
TWO_LIBRARIES = success(
    {"list": [{"library_id": "7", "advertiser_id": "1"}, {"library_id": "8", "advertiser_id": "1"}]}
)
INVALID_TOKEN = error_response(40105, "The access token is incorrect or has been revoked.")
DENIED = error_response(40001, "No permission to operate the library.")


def finding_of(*replies: Reply) -> Finding:
    """Return the finding of these responses, and check that all were requested."""
    transport = ScriptedTransport(list(replies))
    finding = check_lead_form(TikTokBusinessApi(client_of(transport)), "1")
    assert len(transport.sent) == len(replies)
    return finding


@pytest.mark.parametrize("own", [NONE, DRAFT, DENIED])
@pytest.mark.parametrize("first", [NONE, DRAFT, DENIED])
def test_a_published_form_of_any_library_satisfies(own: Reply, first: Reply) -> None:
    """A published form satisfies, even if an earlier listing failed."""
    assert finding_of(own, TWO_LIBRARIES, first, PUBLISHED).status is Status.SATISFIED


@pytest.mark.parametrize("replies", [(DENIED, NONE, NONE), (NONE, DENIED, NONE), (NONE, NONE, DENIED)])
def test_without_a_published_form_a_failed_listing_makes_it_unknown(replies: tuple[Reply, Reply, Reply]) -> None:
    """The failed listing may contain a published form."""
    own, first, second = replies
    assert finding_of(own, TWO_LIBRARIES, first, second).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "replies", [(DENIED, INVALID_TOKEN, NONE), (NONE, DENIED, INVALID_TOKEN), (INVALID_TOKEN, NONE, DENIED)]
)
def test_an_invalid_token_outranks_other_failures(replies: tuple[Reply, Reply, Reply]) -> None:
    """The finding has the TokenInvalidError of any listing, so that the next token is tried."""
    own, first, second = replies
    assert isinstance(finding_of(own, TWO_LIBRARIES, first, second).error, TokenInvalidError)


def test_it_is_missing_if_every_listing_was_read() -> None:
    """The reason tells no forms from unpublished forms."""
    assert finding_of(NONE, TWO_LIBRARIES, NONE, NONE).reason == "no_lead_form"
    assert finding_of(NONE, TWO_LIBRARIES, NONE, DRAFT).reason == "lead_form_not_published"
