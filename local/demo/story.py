"""The story that `make demo` tells: the product on real HTTP calls, each with what it must answer."""

import base64

from local.console import Console, StackError
from local.demo.png import png
from local.demo.storyteller import Storyteller
from local.demo.teams import MEDIA_BUYER, OWNER, OWNER_WITHOUT_CONNECTION, STARTER, UNPAID_OWNER
from local.stack import LocalStack
from local.tiktok_simulator import DemoAdvertiser

_AVATAR_SIDE = 240


def tell(stack: LocalStack, console: Console) -> None:
    """Make the calls and show them; StackError names the answers that were not as expected."""
    story = Storyteller(stack, console)
    _tell_of_connecting(story)
    _tell_of_the_first_identity(story)
    _tell_of_other_teams(story)
    _tell_of_readiness(stack, story)
    if story.unexpected:
        raise StackError(f"Not as expected: {'; '.join(story.unexpected)}")


def _tell_of_connecting(story: Storyteller) -> None:
    """An empty team: its owner connects TikTok."""
    story.call(
        "A new team has connected nothing: what does its first ad need?",
        STARTER,
        "GET /publish-check?objective=REACH",
        expected={"status": 200, "ready": False, "reason": "no_token", "missing": ["identity"]},
    )
    asked = story.call(
        "Its owner connects TikTok",
        STARTER,
        "POST /connections",
        expected={"status": 201},
    )
    story.consents("In the browser: TikTok's consent page, the way back, the wizard", str(asked.get("authorize_url")))
    story.call(
        "What is connected now?",
        STARTER,
        "GET /connections",
        expected={
            "status": 200,
            "connections.0.user_id": STARTER.user_id,
            "connections.0.status": "active",
            "connections.0.advertisers.0.name": "Nothing",
            "connections.0.advertisers.1.name": "Everything ready",
            "connections.0.missing": [],
        },
    )


def _tell_of_the_first_identity(story: Storyteller) -> None:
    """From an advertiser that has nothing to an ad that can be published."""
    advertiser = DemoAdvertiser.NOTHING.value
    new = {"advertiser_id": advertiser, "display_name": "Harbour Autumn"}
    publish_check = f"/publish-check?advertiser_id={advertiser}&objective"
    story.call(
        "Has the first of these advertisers an identity?",
        STARTER,
        "GET /identities/check",
        expected={"status": 200, "advertiser_id": advertiser, "hasIdentity": False, "reason": "no_tt_user"},
    )
    story.call(
        "What is missing before an ad for web conversions can be published?",
        STARTER,
        f"GET {publish_check}=WEB_CONVERSIONS",
        expected={"status": 200, "ready": False, "missing": ["identity", "pixel"]},
    )
    picture = base64.b64encode(png(_AVATAR_SIDE, _AVATAR_SIDE)).decode()
    uploaded = story.call(
        "The owner uploads an avatar",
        STARTER,
        "POST /identity-images",
        body={"advertiser_id": advertiser, "image_base64": picture},
        expected={"status": 201, "width": _AVATAR_SIDE, "height": _AVATAR_SIDE},
    )
    created = story.call(
        "And creates a custom identity with it",
        STARTER,
        "POST /identities",
        body={**new, "image_uri": str(uploaded.get("image_uri"))},
        expected={"status": 201, "identity_type": "CUSTOMIZED_USER", "display_name": new["display_name"]},
    )
    story.call(
        "The same check again: the identity is no longer missing, and has its picture",
        STARTER,
        f"GET {publish_check}=WEB_CONVERSIONS",
        expected={
            "status": 200,
            "ready": False,
            "missing": ["pixel"],
            "identity.identity_id": created.get("identity_id"),
            "identity.image": uploaded.get("image_url"),
        },
    )
    story.call(
        "An ad for reach needs nothing else: ready",
        STARTER,
        f"GET {publish_check}=REACH",
        expected={"status": 200, "ready": True, "missing": [], "unknown": []},
    )


def _tell_of_other_teams(story: Storyteller) -> None:
    """What else a verdict can be, and whose token answers."""
    story.call(
        "In another team a mediabuyer asks: only a custom identity, and TikTok does not let it run any more",
        MEDIA_BUYER,
        f"GET /publish-check?advertiser_id={DemoAdvertiser.CUSTOM_RESTRICTED.value}&objective=WEB_CONVERSIONS",
        expected={"status": 200, "ready": True, "at_risk": ["identity"]},
    )
    story.call(
        "An owner who has connected nothing asks: a teammate's token answers",
        OWNER_WITHOUT_CONNECTION,
        f"GET /identities/check?advertiser_id={DemoAdvertiser.SECOND_BUSINESS_CENTER.value}",
        expected={
            "status": 200,
            "hasIdentity": True,
            "token.source": "teammate",
            "token.user_id": "u-manager",
        },
    )
    story.call(
        "A team without a subscription may look, but not create",
        UNPAID_OWNER,
        "POST /identities",
        body={"advertiser_id": DemoAdvertiser.FOREIGN.value, "display_name": "Southgate"},
        expected={"status": 403, "code": "subscription_required"},
    )


def _tell_of_readiness(stack: LocalStack, story: Storyteller) -> None:
    """Nobody asks, and yet it is noticed: hours in seconds."""
    advertiser = stack.tiktok.world.advertisers[DemoAdvertiser.EVERYTHING_READY.value]
    pixels = advertiser.pixels
    known = f"GET /readiness?advertiser_id={advertiser.id}"
    web = "advertisers.0.objectives.WEB_CONVERSIONS"
    with stack.background.listener() as listener:
        stack.background.ask(
            "wevion.campaigns", "Campaign Draft Saved", {"team_id": OWNER.team_id, "advertiser_id": advertiser.id}
        )
        story.becomes(
            "A draft is saved, so the advertiser is looked at: what is known, without asking TikTok",
            OWNER,
            known,
            expected={f"{web}.ready": True, "advertisers.0.generation": 1},
        )
        with stack.tiktok.lock:
            advertiser.pixels = []
        stack.background.make_due(OWNER.team_id)
        stack.background.sweep()
        story.becomes(
            "Overnight the advertiser loses its pixel. The next sweep misses it, a second look confirms it",
            OWNER,
            known,
            expected={f"{web}.ready": False, f"{web}.missing": ["pixel"], "advertisers.0.generation": 2},
        )
        story.told("Others are told", listener, advertiser.id, expected={"added.0.requirement": "pixel"})
        with stack.tiktok.lock:
            advertiser.pixels = pixels
        stack.background.make_due(OWNER.team_id)
        stack.background.sweep()
        story.becomes(
            "The pixel is back: one look is enough for good news",
            OWNER,
            known,
            expected={f"{web}.ready": True, "advertisers.0.generation": 3},
        )
        story.told("Others are told that too", listener, advertiser.id, expected={"resolved": ["pixel"]})
