"""People connecting TikTok on the deployed stack: through the simulator's consent page, and back as a browser comes."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import requests

from local.demo.teams import NEW_TEAM, Person
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser, Scope
from tests.support.addresses import query_of
from tests.support.openapi import ROOT
from tests.support.stack import Api

CALLBACK = "/connections/callback"
CONNECTED = {"tiktok": "connected"}


def joined(stack: LocalStack, user_id: str, role: str) -> Person:
    """A member of the new team, who has connected nothing."""
    item = {"pk": {"S": f"TEAM#{NEW_TEAM}"}, "sk": {"S": f"MEMBER#{user_id}"}, "role": {"S": role}}
    stack.client("dynamodb").put_item(TableName=stack.table_name, Item=item)
    return Person(user_id, NEW_TEAM, role)


def refused(code: str) -> dict[str, str]:
    """What the wizard is told where nothing was connected."""
    return {"tiktok": "error", "code": code}


def asked(api: Api, person: Person) -> str:
    """The consent page for a person."""
    answer = api.call("POST", "/connections", person=person)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["authorize_url"])


def consented(api: Api, person: Person, user: str, scopes: Collection[Scope] | None = None) -> str:
    """Where TikTok sends the browser of a person, who is ``user`` there and allows the app its access."""
    return api.stack.tiktok.consent(asked(api, person), user, scopes=scopes)


def returned(api: Api, address: str) -> dict[str, str]:
    """What the wizard is told after a return to ``address``, which has to be the API's own."""
    path, callback = address.removeprefix(f"{api.base_url}{ROOT}"), f"{api.base_url}{ROOT}{CALLBACK}?"
    assert address.startswith(callback), address
    answer = api.call("GET", path, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].partition("?")[0] == api.stack.wizard.url
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    return query_of(answer.headers["Location"])


def connect(api: Api, person: Person, user: str, scopes: Collection[Scope] | None = None) -> None:
    """The whole way."""
    assert returned(api, consented(api, person, user, scopes)) == CONNECTED


def connection(api: Api, person: Person, of: Person | None = None) -> Mapping[str, Any] | None:
    """What a person is told of a connection, their own if nobody's else is asked for."""
    user_id = (of or person).user_id
    rows = api.call("GET", "/connections", person=person).json()["connections"]
    return next((row for row in rows if row["user_id"] == user_id), None)


def preflight(
    api: Api, person: Person, advertiser: DemoAdvertiser | None = None, objective: str = "REACH"
) -> Mapping[str, Any]:
    """The preflight of an advertiser, of the first one if none is named."""
    given = {"advertiser_id": advertiser.value} if advertiser else {}
    body: Mapping[str, Any] = api.get("/publish-check", person, objective=objective, **given).json()
    return body


def disconnect(api: Api, person: Person, user_id: str) -> requests.Response:
    """DELETE as a person."""
    return api.call("DELETE", f"/connections/{user_id}", person=person)


def token_of(stack: LocalStack, person: Person) -> str:
    """The token in a person's secret."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId=secret_id(stack, person))
    return str(json.loads(secret["SecretString"])["access_token"])


def removed_at(stack: LocalStack, person: Person) -> datetime | None:
    """When a person's secret was deleted, to be restored for some days; None where it was not."""
    described = stack.client("secretsmanager").describe_secret(SecretId=secret_id(stack, person))
    deleted: datetime | None = described.get("DeletedDate")
    return deleted


def secret_id(stack: LocalStack, person: Person) -> str:
    """The name of a person's secret."""
    return f"{stack.main.secret_prefix}/connections/{person.team_id}/{person.user_id}"


def items_of(stack: LocalStack, person: Person) -> list[str]:
    """The sort keys of all that is stored of a person's connection: the item, and a change that is not finished."""
    found = stack.client("dynamodb").query(
        TableName=stack.table_name,
        KeyConditionExpression="pk = :team",
        ExpressionAttributeValues={":team": {"S": f"TEAM#{person.team_id}"}},
    )
    kinds = (f"CONNECTION#{person.user_id}", f"CHANGE#{person.user_id}")
    return [item["sk"]["S"] for item in found["Items"] if item["sk"]["S"] in kinds]
