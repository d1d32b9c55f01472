"""The function that uploads, around the action: its sample events, its time, its limits."""

import importlib
import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from pydantic import SecretStr

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Fault, FaultKind, Simulator
from publishing.identities.images import BUDGET_SECONDS, READ_TIMEOUT_SECONDS
from publishing.services import services_from_environment
from tests.support.function_handlers import collect_again
from tests.support.invocations import Ask, FakeContext, Received, api_event
from tests.support.product import Product
from tiktok_business.deadline import Deadline
from tiktok_business.errors import TimedOutError
from tiktok_business.transport import READ_TIMEOUT_SECONDS as USUAL_READ_TIMEOUT_SECONDS
from tools.lambda_runtime import ENVIRONMENT

EVENTS = Path(__file__).parents[3] / "events"


@pytest.mark.parametrize(("name", "status", "size"), [("square", 201, None), ("not_square", 422, (64, 48))])
def test_the_sample_events_do_what_their_names_say(
    demo: Product, ask: Ask, name: str, status: int, size: tuple[int, int] | None
) -> None:
    """One uploads a tiny picture, the other is told what is needed instead."""
    event = json.loads((EVENTS / f"create_identity_image.{name}.json").read_text())
    user_id = event["requestContext"]["authorizer"]["user_id"]
    answer = ask(demo, "upload", user_id, **json.loads(event["body"]))
    assert answer.status == status
    if size is not None:
        assert tuple(answer.json["image"].values()) == size


def test_tiktok_may_be_silent_for_as_long_as_a_function_says(tiktok: Simulator) -> None:
    """Beyond that the request is given up, although the deadline is far away."""
    tiktok.faults.add(Fault(path="*", kind=FaultKind.HANG, seconds=2))
    with patch.dict(os.environ, {**ENVIRONMENT, "TIKTOK_API_BASE_URL": tiktok.base_url}):
        services = services_from_environment(read_timeout=0.1)
    deadline = Deadline.after(60)
    api = services.open_tiktok(SecretStr(DemoToken.OWNER), deadline)
    with pytest.raises(TimedOutError):
        api.create_identity(DemoAdvertiser.EVERYTHING_READY, "Acme", None)
    assert deadline.remaining() > 50


def test_an_upload_has_more_time_than_other_requests() -> None:
    """More silence than usual is borne, and it ends before the request's time does."""
    assert USUAL_READ_TIMEOUT_SECONDS < READ_TIMEOUT_SECONDS < BUDGET_SECONDS


def test_the_handler_is_the_one_with_the_larger_limits() -> None:
    """A body that every other function refuses for its size is read, and its picture is what is found wanting."""
    module = "functions.create_identity_image.app"
    sys.modules.pop(module, None)
    try:
        with patch.dict(os.environ, ENVIRONMENT):
            handler = importlib.import_module(module).lambda_handler
    finally:
        sys.modules.pop(module, None)
        collect_again()
    bodies = [{"advertiser_id": "1", "image_base64": "A" * size} for size in (6_000_000, 7_000_000)]
    answers = [Received.of(handler(api_event(body=body), FakeContext())) for body in bodies]
    assert [answer.json["code"] for answer in answers] == ["image_unusable", "image_too_large"]
