"""deploy/ and the workflow that uses it: who may deploy what, and what protects the production stack."""

import json
import re
from typing import Any

import pytest
import yaml

from local.paths import ROOT
from local.sam_template import RESOURCES, read_template

PIPELINE = read_template(ROOT / "deploy" / "pipeline.yaml")
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yaml").read_text())
(JOB,) = WORKFLOW["jobs"].values()
STAGES = PIPELINE["Parameters"]["Stage"]["AllowedValues"]


def role(name: str) -> dict[str, Any]:
    found: dict[str, Any] = PIPELINE["Resources"][name]["Properties"]
    return found


def actions(name: str) -> set[str]:
    """Return all actions that a role allows."""
    statements = [one for policy in role(name)["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    assert all(one["Effect"] == "Allow" for one in statements)
    return {action for one in statements for action in one["Action"]}


def test_only_runs_of_the_environment_may_deploy() -> None:
    """GitHub's token must be for AWS, and name the repository and the environment, which has the protection rules."""
    (statement,) = role("DeployRole")["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    issuer = "token.actions.githubusercontent.com"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": "repo:${Repository}:environment:${Stage}"},
        }
    }
    assert JOB["environment"] == "${{ inputs.stage }}"
    (trigger,) = (WORKFLOW[True],)  # YAML reads the key `on` as true
    assert trigger["workflow_dispatch"]["inputs"]["stage"]["options"] == STAGES
    assert (WORKFLOW["permissions"], JOB["permissions"]) == ({}, {"contents": "read", "id-token": "write"})


def test_the_workflow_changes_only_its_stack() -> None:
    """Everything else is done by CloudFormation's role, which only CloudFormation may use."""
    assert {one.partition(":")[0] for one in actions("DeployRole")} == {"cloudformation", "s3", "iam"}
    assert {one for one in actions("DeployRole") if one.startswith("iam:")} == {"iam:PassRole"}
    (trust,) = role("CloudFormationRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "cloudformation.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_event_sources_are_connected_to_the_stacks_functions_only() -> None:
    """Their mappings have no names of the stack's, so a condition names the function (AWS Lambda Developer Guide)."""
    statements = role("CloudFormationRole")["Policies"][0]["PolicyDocument"]["Statement"]
    changes = {f"lambda:{verb}EventSourceMapping" for verb in ("Create", "Delete", "Update")}
    (changing,) = (one for one in statements if changes & set(one["Action"]))
    assert set(changing["Action"]) == changes
    assert changing["Condition"]["ArnLike"].keys() == {"lambda:FunctionArn"}
    assert "function:${NamePrefix}*" in str(changing["Condition"])


def test_checkov_reads_every_template() -> None:
    """Those that are deployed: the stack's, and the one of the roles that deploy it."""
    files = yaml.safe_load((ROOT / ".checkov.yaml").read_text())["file"]
    assert files == ["template.yaml", *sorted(str(one.relative_to(ROOT)) for one in (ROOT / "deploy").glob("*.yaml"))]


@pytest.mark.parametrize(
    "denied",
    [
        "dynamodb:DeleteTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Scan",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "sqs:ReceiveMessage",
    ],
)
def test_a_deployment_reads_and_deletes_no_data(denied: str) -> None:
    """Neither role may read items, messages or secrets' values, or delete a table."""
    for name in ("DeployRole", "CloudFormationRole"):
        patterns = [one for one in actions(name) if one.partition(":")[0] == denied.partition(":")[0]]
        assert not [one for one in patterns if re.fullmatch(one.replace("*", ".*"), denied)]


def test_the_stack_policy_protects_what_cannot_be_made_again() -> None:
    """No update replaces or deletes the table of connections, or the app's secret; everything else may change."""
    allow, deny = json.loads((ROOT / "deploy" / "stack-policy.json").read_text())["Statement"]
    assert (allow["Effect"], allow["Action"], allow["Resource"]) == ("Allow", "Update:*", "*")
    assert (deny["Effect"], set(deny["Action"])) == ("Deny", {"Update:Replace", "Update:Delete"})
    protected = {one.removeprefix("LogicalResourceId/") for one in deny["Resource"]}
    kinds = {"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"}
    assert protected == {name for name, one in RESOURCES.items() if one["Type"] in kinds}


def test_production_is_protected_after_each_deployment() -> None:
    """The last step sets the stack policy and termination protection; only commits of main get there."""
    steps = [one.get("run", "") for one in JOB["steps"]]
    order = [
        next(at for at, text in enumerate(steps) if part in text)
        for part in ("merge-base --is-ancestor HEAD origin/main", "make deploy", "set-stack-policy")
    ]
    assert order == sorted(order)
    last = JOB["steps"][-1]
    assert last["if"] == "inputs.stage == 'prod'"
    assert "file://deploy/stack-policy.json" in last["run"]
    assert "--enable-termination-protection" in last["run"]
    assert "--role-arn $CLOUDFORMATION_ROLE_ARN" in steps[order[1]]


def test_actions_are_pinned() -> None:
    """Each action is a commit, with the version as a comment."""
    text = (ROOT / ".github" / "workflows" / "deploy.yaml").read_text()
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
