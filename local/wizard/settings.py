"""The page's config.json: the URLs of the stack, the demo users, and the simulator's advertisers."""

from collections.abc import Callable, Mapping
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
from publishing.connections.callback import CALLBACK_MESSAGES

_TEAM_ROLES = frozenset({"owner", "manager"})


@dataclass(frozen=True)
class DemoUser:
    """A demo user that a visitor can sign in as."""

    person: Person
    title: str
    note: str


DEMO_USERS: tuple[DemoUser, ...] = (
    DemoUser(STARTER, "New owner", "Team Harbour, newly subscribed, no TikTok connection"),
    DemoUser(OWNER, "Owner", "Team Northlight, TikTok connected"),
    DemoUser(MANAGER, "Manager", "Team Northlight, TikTok connected"),
    DemoUser(MEDIA_BUYER, "Media buyer", "Team Northlight, TikTok connected"),
    DemoUser(TRAINEE, "Trainee", "Media buyer of team Northlight, no TikTok connection"),
    DemoUser(UNPAID_OWNER, "Owner without subscription", "Team Southgate, subscription ended: can read but not create"),
)
"""The demo users in the order of the page's selection list."""


def page_settings(
    *, base_url: str, control_url: str, world: World, bearer: Callable[[Person], Mapping[str, str]]
) -> dict[str, Any]:
    """The content of config.json. ``bearer`` returns the request headers that authenticate a person."""
    return {
        "api_url": f"{base_url}{API}",
        "simulator_control_url": control_url,
        "users": [
            {
                "user_id": user.person.user_id,
                "team_id": user.person.team_id,
                "role": user.person.role,
                "title": user.title,
                "note": user.note,
                "authorization": bearer(user.person)["Authorization"],
                "own_advertiser_ids": _own_advertisers(world, user.person),
                "teammate_advertiser_ids": _teammate_advertisers(world, user.person),
            }
            for user in DEMO_USERS
        ],
        "advertisers": [
            {
                "advertiser_id": advertiser.value,
                "name": advertiser.name.replace("_", " ").capitalize(),
                "description": advertiser.description,
            }
            for advertiser in DemoAdvertiser
        ],
        "callback_errors": {code.value: message for code, message in CALLBACK_MESSAGES.items()},
    }


def _own_advertisers(world: World, person: Person) -> list[str]:
    """The advertisers of a person's TikTok account, whether it is connected or not."""
    if person.token:
        return list(world.tokens[person.token.value].advertiser_ids)
    user = world.users.get(person.user_id)
    return list(user.advertiser_ids) if user else []


def _teammate_advertisers(world: World, person: Person) -> list[str]:
    """The advertisers that a person can read only through a teammate's connection."""
    if person.role not in _TEAM_ROLES:
        return []
    own = set(_own_advertisers(world, person))
    teammates = [mate for mate in PEOPLE if mate.team_id == person.team_id and mate != person and mate.token]
    reached = {advertiser for mate in teammates for advertiser in _own_advertisers(world, mate)}
    return sorted(reached - own)
