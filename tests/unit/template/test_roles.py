"""Each function's role in the template grants exactly what the table lists."""

import json
from typing import Any

import pytest

from local.sam_template import FUNCTIONS, referenced
from tests.unit.template.grants import GRANTS, LOG


def statements(function: str) -> list[dict[str, Any]]:
    role = referenced(FUNCTIONS[function]["Properties"]["Role"])["Properties"]
    return [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def test_each_function_has_its_own_role() -> None:
    """No role is shared, and only Lambda may assume it."""
    roles = [json.dumps(one["Properties"]["Role"]) for one in FUNCTIONS.values()]
    assert len(set(roles)) == len(FUNCTIONS)
    for one in FUNCTIONS.values():
        role = referenced(one["Properties"]["Role"])["Properties"]
        assert "ManagedPolicyArns" not in role
        assert role["AssumeRolePolicyDocument"]["Statement"] == [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]


@pytest.mark.parametrize("function", GRANTS)
def test_a_role_grants_exactly_the_listed_actions(function: str) -> None:
    """A role grants the listed actions by name, on exact ARNs, and nothing else."""
    log = FUNCTIONS[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    granted: dict[str, set[str]] = {}
    for one in statements(function):
        assert set(one) == {"Effect", "Action", "Resource"}
        for resource in one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]:
            ((intrinsic, name),) = resource.items()
            assert intrinsic in {"Fn::GetAtt", "Fn::Sub"}
            granted.setdefault(LOG if name == f"{log}.Arn" else name, set()).update(one["Action"])
    assert granted == GRANTS[function]


def test_every_function_is_in_the_table() -> None:
    """The table lists exactly the template's functions."""
    assert set(GRANTS) == set(FUNCTIONS)
