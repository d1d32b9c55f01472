"""The real stores of connecting, and TikTok; made once, in Init."""

import os
import ssl
from dataclasses import dataclass

from publishing.aws.announcements import DynamoDBAnnouncements
from publishing.aws.app_credentials import SecretsManagerApp
from publishing.aws.changes import DynamoDBChanges
from publishing.aws.clients import dynamodb_client
from publishing.aws.connections import DynamoDBConnections
from publishing.aws.event_bus import EventBridgeBus
from publishing.aws.json_api import EVENTBRIDGE, SECRETS_MANAGER, JsonApi
from publishing.aws.marks import DynamoDBMarks
from publishing.aws.states import DynamoDBStates
from publishing.aws.table import Table
from publishing.aws.teams import DynamoDBTeams
from publishing.aws.vault import SecretsManagerVault
from publishing.clock import utc_now
from publishing.connecting.own_list import OwnList
from publishing.connecting.services import ConnectServices, OpenOAuth
from publishing.connecting.settings import ConnectSettings
from publishing.environment import required
from publishing.readiness.expiry import Expiry
from publishing.services import Services
from publishing.settings import tiktok_base_url
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.client import TikTokClient
from tiktok_business.oauth import TikTokOAuth
from tiktok_business.transport import RequestsTransport, Transport, trusting_context

READ_TIMEOUT_SECONDS = 12.0
"""How long TikTok may say nothing: an exchange that is given up may have used the code."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """What the functions that connect are made of."""

    settings: ConnectSettings
    tiktok_base_url: str
    services: ConnectServices
    marks: DynamoDBMarks
    expiry: Expiry


def connecting_from_environment() -> Connecting:
    """The real ones, from the function's environment variables.

    Raises:
        SettingsError: a variable is absent or unusable.
    """
    context = trusting_context()
    settings = ConnectSettings.from_environment(os.environ)
    base_url = tiktok_base_url(os.environ)
    transport = RequestsTransport(base_url, context, read_timeout=READ_TIMEOUT_SECONDS)
    table = Table.from_environment(os.environ, context)
    secrets, events = (
        JsonApi.from_environment(service, os.environ, context) for service in (SECRETS_MANAGER, EVENTBRIDGE)
    )
    bus = EventBridgeBus(events.call, required(os.environ, "EVENT_BUS_NAME"))
    services = ConnectServices(
        teams=DynamoDBTeams(table),
        states=DynamoDBStates(table),
        changes=DynamoDBChanges(table),
        connections=DynamoDBConnections(table),
        vault=SecretsManagerVault(secrets.call, settings.secret_prefix),
        app=SecretsManagerApp(secrets.call, f"{settings.secret_prefix}/app"),
        bus=bus,
        open_oauth=_oauth(transport),
        open_tiktok=lambda token, deadline: TikTokBusinessApi(TikTokClient(transport, token, deadline)),
        clock=utc_now,
    )
    return Connecting(
        settings,
        base_url,
        services,
        DynamoDBMarks(dynamodb_client, table.name),
        Expiry(DynamoDBAnnouncements(table), bus, utc_now),
    )


def own_list_from_environment(context: ssl.SSLContext, services: Services) -> OwnList:
    """What a preflight reads its caller's list again with.

    Raises:
        SettingsError: a variable is absent or unusable.
    """
    prefix = ConnectSettings.from_environment(os.environ).secret_prefix
    secrets = JsonApi.from_environment(SECRETS_MANAGER, os.environ, context)
    return OwnList(
        connections=DynamoDBConnections(Table.from_environment(os.environ, context)),
        tokens=services.tokens,
        marks=services.marks,
        app=SecretsManagerApp(secrets.call, f"{prefix}/app"),
        open_oauth=_oauth(RequestsTransport(services.settings.tiktok_base_url, context)),
        clock=utc_now,
    )


def _oauth(transport: Transport) -> OpenOAuth:
    return lambda app, deadline: TikTokOAuth(transport, app, deadline)
