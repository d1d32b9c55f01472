"""The upload function: its sample events, time budget and limits."""

import importlib
import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.bootstrap import Bootstrap
from publishing.identities.images import BUDGET_SECONDS, READ_TIMEOUT_SECONDS
from tests.support.function_handlers import restore_garbage_collector
from tests.support.invocations import Ask, FakeContext, Received, api_event
from tests.support.product import Product
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TimedOutError
from tiktok_business.transport import READ_TIMEOUT_SECONDS as USUAL_READ_TIMEOUT_SECONDS
from tools.lambda_runtime import ENVIRONMENT

EVENTS = Path(__file__).parents[3] / "events"


@pytest.mark.parametrize(("name", "status", "size"), [("square", 201, None), ("not_square", 422, (64, 48))])
def test_the_sample_events_have_the_named_outcome(
    demo: Product, ask: Ask, name: str, status: int, size: tuple[int, int] | None
) -> None:
    """One sample event uploads a small picture, the other is rejected with the needed size."""
    event = json.loads((EVENTS / f"create_identity_image.{name}.json").read_text())
    user_id = event["requestContext"]["authorizer"]["user_id"]
    response = ask(demo, "upload", user_id, **json.loads(event["body"]))
    assert response.status == status
    if size is not None:
        assert tuple(response.json["image"].values()) == size


def test_a_function_sets_the_read_timeout_of_tiktok(tiktok: Simulator) -> None:
    """A call ends after the function's read timeout, although the deadline is far away."""
    tiktok.faults.add(Fault(path="*", kind=FaultKind.HANG, seconds=2))
    environment = {**ENVIRONMENT, "TIKTOK_API_BASE_URL": tiktok.base_url}
    open_tiktok = Bootstrap(read_timeout=0.1, environment=environment).open_tiktok
    deadline = Deadline.after(60)
    api = open_tiktok(SecretStr(DemoToken.OWNER), deadline)
    with pytest.raises(TimedOutError):
        api.create_identity(DemoAdvertiser.EVERYTHING_READY, "Acme", None)
    assert deadline.remaining() > 50


def test_an_upload_has_a_longer_read_timeout_than_other_requests() -> None:
    """The read timeout is longer than the default and ends before the request's budget."""
    assert USUAL_READ_TIMEOUT_SECONDS < READ_TIMEOUT_SECONDS < BUDGET_SECONDS


def test_the_handler_is_the_one_with_the_larger_limits() -> None:
    """A body too large for the other functions is read, and its picture is rejected."""
    module = "functions.create_identity_image.app"
    sys.modules.pop(module, None)
    try:
        with patch.dict(os.environ, ENVIRONMENT):
            handler = importlib.import_module(module).lambda_handler
    finally:
        sys.modules.pop(module, None)
        restore_garbage_collector()
    bodies = [{"advertiser_id": "1", "image_base64": "A" * size} for size in (6_000_000, 7_000_000)]
    answers = [Received.of(handler(api_event(body=body), FakeContext())) for body in bodies]
    assert [response.json["code"] for response in answers] == ["image_unusable", "image_too_large"]
