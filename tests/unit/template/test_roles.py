"""Each function's role in the template grants exactly what the table says."""

import json
from typing import Any

import pytest

from local.sam_template import FUNCTIONS, referenced
from tests.unit.template.grants import GRANTS, LOG


def statements(function: str) -> list[dict[str, Any]]:
    role = referenced(FUNCTIONS[function]["Properties"]["Role"])["Properties"]
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def test_each_function_has_a_role_of_its_own() -> None:
    """None is shared, and only Lambda may take it."""
    roles = [json.dumps(one["Properties"]["Role"]) for one in FUNCTIONS.values()]
    assert len(set(roles)) == len(FUNCTIONS)
    for one in FUNCTIONS.values():
        role = referenced(one["Properties"]["Role"])["Properties"]
        assert "ManagedPolicyArns" not in role
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]


@pytest.mark.parametrize("function", GRANTS)
def test_a_role_grants_exactly_what_its_function_calls(function: str) -> None:
    """Every action by its name, on exact ARNs; the app's secret is read by who speaks for the app, never written."""
    log = FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    granted: dict[str, set[str]] = {}
    for one in statements(function):
        assert set(one) == {"Effect", "Action", "Resource"}
        for resource in one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]:
            ((how, what),) = resource.items()
            assert how in {"Fn::GetAtt", "Fn::Sub"}
            granted.setdefault(LOG if what == f"{log}.Arn" else what, set()).update(one["Action"])
    assert granted == GRANTS[function]


def test_no_function_is_left_out_of_the_tables() -> None:
    """A new function needs its row here."""
    assert set(GRANTS) == set(FUNCTIONS)
