"""No token and no TikTok text gets into a log line, metric, event, message or record, whatever fails."""

import io
from datetime import timedelta
from typing import Any

import pytest

from local.tiktok_simulator import DemoToken, Fault, FaultKind
from publishing.repositories.readiness_repository import write_record
from tests.support.overriding import failing, overriding
from tests.unit.readiness.scenarios import READY, known_ready, remove_pixel
from tests.unit.readiness.system import TEAM, System

TOKEN = DemoToken.OWNER
CANARY = "text-of-tiktoks"
FAULTS: tuple[tuple[FaultKind, dict[str, Any]], ...] = (
    *(
        (FaultKind.CODE, {"code": code, "message": f"{CANARY} {TOKEN} refused: Access-Token={TOKEN}"})
        for code in (40001, 40002, 40100, 40105, 50000)
    ),
    (FaultKind.HTTP_STATUS, {"status": 429}),
    (FaultKind.HTTP_STATUS, {"status": 500}),
    (FaultKind.NON_JSON, {}),
    (FaultKind.TRUNCATED_JSON, {}),
    (FaultKind.DATA_NULL, {}),
    (FaultKind.WRONG_TYPE, {"key": "identity_id", "value": {"token": f"{CANARY} {TOKEN}"}}),
    (FaultKind.RESET_BEFORE, {}),
)


@pytest.mark.parametrize(
    ("kind", "values"), FAULTS, ids=[f"{kind}-{values.get('code', '')}" for kind, values in FAULTS]
)
def test_no_token_gets_out_whatever_tiktok_answers(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str], kind: FaultKind, values: dict[str, Any]
) -> None:
    """That holds if TikTok itself quotes the token, and for the libraries' debug log too."""
    known_ready(system)
    remove_pixel(system)
    system.tiktok.faults.add(Fault(path="*", kind=kind, token=TOKEN, **values))
    system.preflight(READY)
    system.pass_time(timedelta(hours=2, minutes=30))
    system.tiktok.faults.clear()
    system.pass_time(timedelta(hours=13))
    assert log.getvalue().count('"message":"check_job_ended"') > 1
    assert len(system.bus.events) > 0
    records = "".join(write_record(one) for one in system.product.records.stored.values())
    stored = f"{system.product.records.stored} {system.queue.messages} {system.statistics.stored} {records}"
    everything = f"{log.getvalue()} {capsys.readouterr()} {system.bus.events} {stored}"
    assert TOKEN not in everything
    assert CANARY not in f"{system.bus.events} {stored}"
    assert "Access-Token" not in f"{system.bus.events} {stored}"


def test_an_error_that_quotes_a_token_is_logged_by_its_type_alone(system: System, log: io.StringIO) -> None:
    """The message is retried."""
    secrets = overriding(system.product.secrets, read_token=failing(f"could not decode {TOKEN}"))
    system.replace_tokens(secrets=secrets)
    system.check_now(READY)
    assert "RuntimeError" in log.getvalue()
    assert len(system.queue) == 1
    assert TOKEN not in f"{log.getvalue()} {system.queue.messages} {system.record(READY)}"


def test_a_token_in_a_check_request_is_neither_stored_nor_logged(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown fields are not stored, and invalid values are not quoted."""
    system.request_check({"team_id": TEAM, "advertiser_id": str(READY), "access_token": TOKEN})
    system.request_check({"team_id": TEAM, "advertiser_id": TOKEN.value})
    system.process_queue()
    everything = f"{log.getvalue()} {capsys.readouterr()} {system.queue.messages} {system.product.records.stored}"
    assert len(system.product.records) == 1
    assert TOKEN not in everything
