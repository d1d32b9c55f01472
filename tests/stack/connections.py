"""Helpers to connect TikTok on the deployed stack: the simulator's consent page, the callback, and what is stored."""

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
COMPLETE = "/connections/complete"


def add_member(stack: LocalStack, user_id: str, role: str) -> Person:
    """Add a member without a connection to the new team."""
    item = {"pk": {"S": f"TEAM#{NEW_TEAM}"}, "sk": {"S": f"MEMBER#{user_id}"}, "role": {"S": role}}
    stack.client("dynamodb").put_item(TableName=stack.table_name, Item=item)
    return Person(user_id, NEW_TEAM, role)


def error(code: str) -> dict[str, str]:
    """Return the wizard's parameters if nothing was connected."""
    return {"tiktok": "error", "code": code}


def request_consent(api: Api, person: Person) -> str:
    """Return the address of TikTok's consent page for a person."""
    response = api.call("POST", "/connections", person=person)
    assert response.status_code == 201, response.text
    return str(response.json()["authorize_url"])


def consent(api: Api, person: Person, user: str, scopes: Collection[Scope] | None = None) -> str:
    """Consent as TikTok's ``user``; return the callback address to which TikTok redirects."""
    return api.stack.tiktok.consent(request_consent(api, person), user, scopes=scopes)


def open_callback(api: Api, address: str) -> dict[str, str]:
    """Open the API's callback at ``address``; return the parameters with which it redirects to the wizard."""
    path, callback = address.removeprefix(f"{api.base_url}{ROOT}"), f"{api.base_url}{ROOT}{CALLBACK}?"
    assert address.startswith(callback), address
    response = api.call("GET", path, allow_redirects=False)
    assert response.status_code == 303, response.text
    assert response.headers["Location"].partition("?")[0] == api.stack.wizard.url
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    return query_of(response.headers["Location"])


def handle_of(api: Api, address: str) -> str:
    """Open the API's callback at ``address``; return the handle with which it redirects to the wizard."""
    query = open_callback(api, address)
    assert query.keys() == {"tiktok", "handle"}, query
    assert query["tiktok"] == "confirm"
    return query["handle"]


def complete(api: Api, person: Person, handle: str) -> requests.Response:
    """Request the completion of a connection as a person."""
    return api.call("POST", COMPLETE, person=person, json={"handle": handle})


def connect(api: Api, person: Person, user: str, scopes: Collection[Scope] | None = None) -> Mapping[str, Any]:
    """Consent, open the callback and complete; return the connection."""
    response = complete(api, person, handle_of(api, consent(api, person, user, scopes)))
    assert response.status_code == 201, response.text
    connected: Mapping[str, Any] = response.json()
    return connected


def connection(api: Api, person: Person, of: Person | None = None) -> Mapping[str, Any] | None:
    """Return a connection as the endpoint lists it for a person, by default their own."""
    user_id = (of or person).user_id
    rows = api.call("GET", "/connections", person=person).json()["connections"]
    return next((row for row in rows if row["user_id"] == user_id), None)


def listed_connection(api: Api, person: Person, of: Person | None = None) -> Mapping[str, Any]:
    """Return a connection that must exist."""
    found = connection(api, person, of)
    assert found is not None
    return found


def preflight(
    api: Api, person: Person, advertiser: DemoAdvertiser | None = None, objective: str = "REACH"
) -> Mapping[str, Any]:
    """Return the preflight of an advertiser, by default of the first one."""
    given = {"advertiser_id": advertiser.value} if advertiser else {}
    body: Mapping[str, Any] = api.get("/publish-check", person, objective=objective, **given).json()
    return body


def disconnect(api: Api, person: Person, user_id: str) -> requests.Response:
    """Request the end of a connection as a person."""
    return api.call("DELETE", f"/connections/{user_id}", person=person)


def token_of(stack: LocalStack, person: Person) -> str:
    """Return the token in a person's secret."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId=secret_id(stack, person))
    return str(json.loads(secret["SecretString"])["access_token"])


def removed_at(stack: LocalStack, person: Person) -> datetime | None:
    """Return when a person's secret was scheduled for deletion; None if it was not."""
    described = stack.client("secretsmanager").describe_secret(SecretId=secret_id(stack, person))
    deleted: datetime | None = described.get("DeletedDate")
    return deleted


def secret_id(stack: LocalStack, person: Person) -> str:
    """Return the name of a person's secret."""
    return f"{stack.main.secret_prefix}/connections/{person.team_id}/{person.user_id}"


def items_of(stack: LocalStack, person: Person) -> list[str]:
    """Return the sort keys of a person's connection and of its pending operation, if they exist."""
    found = stack.client("dynamodb").query(
        TableName=stack.table_name,
        KeyConditionExpression="pk = :team",
        ExpressionAttributeValues={":team": {"S": f"CONNECTIONS#{person.team_id}"}},
    )
    kinds = (f"USER#{person.user_id}", f"CHANGE#{person.user_id}")
    return [item["sk"]["S"] for item in found["Items"] if item["sk"]["S"] in kinds]
