"""What the page is told of the stack: where it is, who can be chosen, and what there is at the simulated TikTok."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.demo.teams import (
    MANAGER,
    MEDIA_BUYER,
    OWNER,
    PEOPLE,
    STARTER,
    TRAINEE,
    UNPAID_OWNER,
    Person,
)
from local.ministack.deployment import API
from local.tiktok_simulator import DemoAdvertiser, World
from publishing.connecting.refusals import MEANINGS

_SEES_THE_TEAM = frozenset({"owner", "manager"})


@dataclass(frozen=True)
class Role:
    """Somebody whom a visitor can be, in words."""

    person: Person
    title: str
    note: str


ROLES: tuple[Role, ...] = (
    Role(STARTER, "New owner", "team Harbour has just subscribed; nobody has connected TikTok"),
    Role(OWNER, "Owner", "of team Northlight, TikTok connected"),
    Role(MANAGER, "Manager", "of team Northlight, TikTok connected"),
    Role(MEDIA_BUYER, "Media buyer", "of team Northlight, TikTok connected"),
    Role(TRAINEE, "Trainee", "media buyer of team Northlight who has connected nothing"),
    Role(UNPAID_OWNER, "Owner without subscription", "team Southgate does not pay any more: may look, not create"),
)
"""In the order in which they are offered."""


def page_settings(
    *, base_url: str, control_url: str, world: World, bearer: Callable[[Person], Mapping[str, str]]
) -> dict[str, Any]:
    """The settings as JSON."""
    return {
        "api": f"{base_url}{API}",
        "tiktok_control": control_url,
        "people": [
            {
                "user_id": role.person.user_id,
                "team_id": role.person.team_id,
                "role": role.person.role,
                "title": role.title,
                "note": role.note,
                "authorization": bearer(role.person)["Authorization"],
                "own": _reached_by(world, role.person),
                "teammates": _reached_by_teammates(world, role.person),
            }
            for role in ROLES
        ],
        "advertisers": [
            {
                "advertiser_id": one.value,
                "name": one.name.replace("_", " ").capitalize(),
                "description": one.description,
            }
            for one in DemoAdvertiser
        ],
        "return_codes": {refusal.value: meaning for refusal, meaning in MEANINGS.items()},
    }


def _reached_by(world: World, person: Person) -> list[str]:
    """What somebody's TikTok reaches, connected or not yet."""
    if person.token:
        return list(world.tokens[person.token.value].advertiser_ids)
    user = world.users.get(person.user_id)
    return list(user.advertiser_ids) if user else []


def _reached_by_teammates(world: World, person: Person) -> list[str]:
    """What is borrowed on reads, by those who may borrow."""
    if person.role not in _SEES_THE_TEAM:
        return []
    own = set(_reached_by(world, person))
    mates: Sequence[Person] = [one for one in PEOPLE if one.team_id == person.team_id and one != person and one.token]
    reached = {advertiser: None for mate in mates for advertiser in _reached_by(world, mate)}
    return sorted(advertiser for advertiser in reached if advertiser not in own)
