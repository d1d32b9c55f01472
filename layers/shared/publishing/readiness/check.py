"""One look at one advertiser: what TikTok says now, with the token that a preflight of the team's owner would take."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import SecretStr

from publishing.preflight.evidence import gather
from publishing.preflight.findings import Finding, Status, Unverified, unknown
from publishing.preflight.objectives import OBJECTIVES, Requirement
from publishing.preflight.verdict import Evidence
from publishing.readiness.cadence import Cadence
from publishing.readiness.expiry import Expiry
from publishing.readiness.looks import Checked, Looks, Outcome
from publishing.readiness.snapshot import Look
from publishing.readiness.stores import Announcements, Bus, LookMessage, Queue, Records, Refreshes
from publishing.session import Session
from publishing.stores import Marks, Tokens
from publishing.teams import Connection, ConnectionStatus, Role, Team, Teams
from publishing.token_choice import AdvertiserNotConnectedError, NoTokenError, Purpose, candidates
from tiktok_business.api import TikTokBusinessApi
from tiktok_business.deadline import Deadline
from tiktok_business.errors import AdvertiserNotAccessibleError
from tiktok_business.models import IdentityType


@dataclass(frozen=True, slots=True)
class CheckServices:
    """What a check works with."""

    records: Records
    queue: Queue
    bus: Bus
    teams: Teams
    tokens: Tokens
    marks: Marks
    announcements: Announcements
    refreshes: Refreshes
    open_tiktok: Callable[[SecretStr, Deadline], TikTokBusinessApi]
    cadence: Cadence
    accepted_identity_types: tuple[IdentityType, ...]
    clock: Callable[[], datetime]


@dataclass(slots=True)
class _Noted:
    """Marks, and which connections they were set on."""

    marks: Marks
    ended: list[Connection] = field(default_factory=list)

    def expired(self, connection: Connection) -> None:
        self.marks.expired(connection)
        self.ended.append(replace(connection, status=ConnectionStatus.EXPIRED))


def check(services: CheckServices, message: LookMessage, message_id: str, tries: int, deadline: Deadline) -> Checked:
    """Do what a message asks for; ``tries`` counts from 1 how often it has come.

    Raises:
        ComesBackError: not now; the message is to be hidden until then.
    """
    looks = Looks(services.records, services.queue, services.bus, services.cadence, services.clock)
    begun = looks.begin(message, message_id)
    if begun is None:
        return Checked(Outcome.SUPERSEDED)
    team = services.teams.read(message.team_id)
    for connection in team.connections:  # those that another service wrote without telling the bus
        if team.may_use(connection) and not connection.scheduled:
            services.refreshes.schedule(connection, services.clock())
    noted = _Noted(services.marks)
    look = _look(services, team, message.advertiser_id, noted, deadline)
    told = _announce(services, team, noted.ended)
    return looks.end(begun.told(*told), look, tries)


def _look(services: CheckServices, team: Team, advertiser_id: str, marks: Marks, deadline: Deadline) -> Look:
    """Ask TikTok for all prerequisites with the token that a preflight of the team's owner would take."""

    def work(api: TikTokBusinessApi, of: str) -> Evidence:
        return gather(
            api,
            of,
            tuple(Requirement),
            accepted_types=services.accepted_identity_types,
            strict=False,
            deadline=deadline,
        )

    session = Session(services.tokens, marks, lambda token: services.open_tiktok(token, deadline))
    at = services.clock()
    try:
        chosen = candidates(team, "", Role.OWNER, advertiser_id, Purpose.READ)
        answered = session.first_answer(chosen, work)
    except (NoTokenError, AdvertiserNotConnectedError):
        return Look.of_nothing(at, Finding(Status.UNKNOWN, Unverified.NO_TOKEN))
    except AdvertiserNotAccessibleError as error:
        return Look.of_nothing(at, unknown(error))
    return Look.of(answered.result, OBJECTIVES, at, answered.candidate.connection.user_id)


def _announce(services: CheckServices, team: Team, ended: list[Connection]) -> tuple[str, ...]:
    """Tell of the connections whose end nobody was told of."""
    known = [one for one in team.connections if one.status == ConnectionStatus.EXPIRED and not one.expiry_told]
    expiry = Expiry(services.announcements, services.bus, services.clock)
    return tuple(told for connection in (*known, *ended) for told in expiry.tell(connection))
