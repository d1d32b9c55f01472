"""The check of lead forms: the advertiser's own, then those of the form libraries."""

import pytest

from publishing.preflight.findings import Finding, Status
from publishing.preflight.prerequisites import check_lead_form
from tests.unit.tiktok_business.fakes import Reply, ScriptedTransport, client_of, refusal, success
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.errors import TokenRejectedError

NONE = success({"list": []})
DRAFT = success({"list": [{"page_id": "1", "status": "EDITED"}]})
PUBLISHED = success({"list": [{"page_id": "2", "status": "PUBLISHED"}]})
TWO_LIBRARIES = success(
    {"list": [{"library_id": "7", "advertiser_id": "1"}, {"library_id": "8", "advertiser_id": "1"}]}
)
DEAD = refusal(40105, "The access token is incorrect or has been revoked.")
REFUSED = refusal(40001, "No permission to operate the library.")


def found(*replies: Reply) -> Finding:
    """What comes of these answers, all of which are asked for."""
    transport = ScriptedTransport(list(replies))
    finding = check_lead_form(TikTokBusinessApi(client_of(transport)), "1")
    assert len(transport.sent) == len(replies)
    return finding


@pytest.mark.parametrize("own", [NONE, DRAFT, REFUSED])
@pytest.mark.parametrize("first", [NONE, DRAFT, REFUSED])
def test_a_published_form_of_any_library_does(own: Reply, first: Reply) -> None:
    """Whatever is with the listings before it: one that fails does not hide another."""
    assert found(own, TWO_LIBRARIES, first, PUBLISHED).status is Status.SATISFIED


@pytest.mark.parametrize("replies", [(REFUSED, NONE, NONE), (NONE, REFUSED, NONE), (NONE, NONE, REFUSED)])
def test_without_one_a_listing_that_failed_leaves_it_unknown(replies: tuple[Reply, Reply, Reply]) -> None:
    """It may have had one."""
    own, first, second = replies
    assert found(own, TWO_LIBRARIES, first, second).status is Status.UNKNOWN


@pytest.mark.parametrize("replies", [(REFUSED, DEAD, NONE), (NONE, REFUSED, DEAD), (DEAD, NONE, REFUSED)])
def test_a_dead_token_is_told_whatever_else_failed(replies: tuple[Reply, Reply, Reply]) -> None:
    """Whichever listing found it out: the next token is to answer."""
    own, first, second = replies
    assert isinstance(found(own, TWO_LIBRARIES, first, second).error, TokenRejectedError)


def test_missing_where_all_were_read() -> None:
    """With the reason of what was seen."""
    assert found(NONE, TWO_LIBRARIES, NONE, NONE).reason == "no_lead_form"
    assert found(NONE, TWO_LIBRARIES, NONE, DRAFT).reason == "lead_form_not_published"
