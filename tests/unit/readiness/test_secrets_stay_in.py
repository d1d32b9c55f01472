"""No token and no text of TikTok's is in any log line, metric, event, message or record, whatever goes wrong."""

import io
from datetime import timedelta
from typing import Any

import pytest

from local.tiktok_simulator import DemoToken, Fault, FaultKind
from publishing.readiness.codec import to_text
from tests.support.overriding import failing, overriding
from tests.unit.readiness.happenings import READY, lose_pixel
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
def test_no_token_leaves_whatever_tiktok_says(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str], kind: FaultKind, values: dict[str, Any]
) -> None:
    """Also where TikTok itself quotes it, and also on the libraries' debug level."""
    system.watch_over(READY)
    system.run_sweep()
    system.work()
    lose_pixel(system)
    system.tiktok.faults.add(Fault(path="*", kind=kind, token=TOKEN, **values))
    system.preflight(READY)
    system.pass_time(timedelta(hours=2, minutes=30))
    system.tiktok.faults.clear()
    system.pass_time(timedelta(hours=13))
    assert log.getvalue().count('"message":"checked"') > 1
    assert len(system.seen_bus.events) > 0
    records = "".join(to_text(one) for one in system.product.records.stored.values())
    kept = f"{system.product.records.stored} {system.queue.messages} {system.seen_runs.runs} {records}"
    everything = f"{log.getvalue()} {capsys.readouterr()} {system.seen_bus.events} {kept}"
    assert TOKEN not in everything
    assert CANARY not in f"{system.seen_bus.events} {kept}"
    assert "Access-Token" not in f"{system.seen_bus.events} {kept}"


def test_what_goes_wrong_in_reading_a_token_does_not_spread_it(system: System, log: io.StringIO) -> None:
    """The log names the error's type alone; the message comes back."""
    system.use(tokens=overriding(system.services.tokens, read=failing(f"could not decode {TOKEN}")))
    system.look(READY)
    assert "RuntimeError" in log.getvalue()
    assert len(system.queue) == 1
    assert TOKEN not in f"{log.getvalue()} {system.queue.messages} {system.record(READY)}"


def test_a_request_that_holds_a_token_does_not_spread_it(
    system: System, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fields that nobody asked for are not kept, and those that are wrong are not quoted."""
    system.ask({"team_id": TEAM, "advertiser_id": str(READY), "access_token": TOKEN})
    system.ask({"team_id": TEAM, "advertiser_id": TOKEN.value})
    system.work()
    everything = f"{log.getvalue()} {capsys.readouterr()} {system.queue.messages} {system.product.records.stored}"
    assert len(system.product.records) == 1
    assert TOKEN not in everything
