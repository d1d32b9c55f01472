"""What the snapshot says is what the publish check says: for every demo advertiser and every objective."""

import pytest

from local.tiktok_simulator import DemoAdvertiser, DemoToken, Simulator
from publishing.preflight.objectives import OBJECTIVES
from tests.unit.readiness.system import System

BOSS = "u-boss"
"""An owner without a connection: borrows the tokens that a scheduled look takes."""


@pytest.mark.parametrize("advertiser", DemoAdvertiser, ids=lambda one: one.name)
def test_a_scheduled_look_finds_what_the_publish_check_answers(tiktok: Simulator, advertiser: DemoAdvertiser) -> None:
    """The same ready, missing and unknown for all objectives, and together the same warnings."""
    system = System(tiktok)
    for token in DemoToken:
        system.person(token, "mediabuyer")
    system.product.person(BOSS, "owner")
    system.look(advertiser)
    snapshot = system.record(advertiser).snapshot
    warnings = set()
    for objective in OBJECTIVES:
        answer = system.preflight(advertiser, objective, BOSS)
        state = snapshot.objective(objective)
        assert (state.ready, state.missing, state.unknown) == (answer.ready, answer.missing, answer.unknown), objective
        assert snapshot.at_risk == bool(answer.at_risk)
        warnings |= {one.code for one in answer.warnings}
    assert {*snapshot.warnings} == (warnings if snapshot.known else set())
