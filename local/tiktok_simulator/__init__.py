"""A simulated TikTok Business API v1.3, for tests and for the local stack.

    with Simulator() as tiktok:
        tiktok.faults.add(Fault(path="pixel/list/", kind=FaultKind.CODE, code=40100, times=2))
        requests.get(f"{tiktok.base_url}/identity/get/", headers={"Access-Token": DemoToken.OWNER}, ...)
        assert len(tiktok.requests) == 1

Modules, each importing only modules before it: what exists at TikTok `world`, its demo data `demo`; requests and
responses `http_messages`, the requests received `journal`, how endpoints read parameters `parameters`; the endpoints
`identities`, `assets`, `oauth` (with the consent page), `publishing` (with its requests in `publishing_bodies` and the
rules that refuse them in `publishing_rules`) and their table `endpoints`; simulated faults `faults`; control over HTTP
`control`; sockets `server`; everything together `simulator`.

Connecting works as at TikTok: a browser opens /portal/auth?app_id=&state=&redirect_uri= on the simulator's own origin,
returns to redirect_uri (on this machine) with auth_code and state, and oauth2/access_token/ exchanges the code for a
new token. Tests need no browser: `consent` and `deny` return the address that the browser would be redirected to.

    redirected_to = tiktok.consent(authorize_url, "u-starter", scopes={Scope.IDENTITY_READ})

The demo advertisers. Unless its line says otherwise, each has an available TT_USER, a custom identity, an active
pixel, apps, a published lead form and signed lead terms, may use custom identities, and is enabled:

EVERYTHING_READY        7300000000000000001  everything, an eligible catalog included
NOTHING                 7300000000000000002  no assets, lead terms unsigned, can_use_custom_identity true
CUSTOM_RESTRICTED       7300000000000000003  only a CUSTOMIZED_USER, can_use_custom_identity false
CUSTOM_ALLOWED          7300000000000000004  only a CUSTOMIZED_USER, can_use_custom_identity true
CUSTOM_UNCERTAIN        7300000000000000005  only a CUSTOMIZED_USER, can_use_custom_identity is missing
UNBOUND_PIXELS          7300000000000000006  only UNBOUND pixels
QUIET_PIXEL             7300000000000000007  only a pixel with NO_RECENT_ACTIVITY
SECOND_BUSINESS_CENTER  7300000000000000008  the only catalog is in the second of two Business Centers
CATALOG_NOT_ELIGIBLE    7300000000000000009  the only catalog is NOT_AVAILABLE for ads
NO_BUSINESS_CENTER      7300000000000000010  the token's user sees no Business Center
DRAFT_FORMS             7300000000000000011  only EDITED lead forms
LIBRARY_FORM            7300000000000000012  the only lead form is in a Business Center's form library
LEAD_TERMS_UNSIGNED     7300000000000000013  a published lead form, lead terms unsigned
SUSPENDED               7300000000000000014  STATUS_DISABLE, otherwise everything
UNAVAILABLE_TT_USER     7300000000000000015  only a TT_USER with NO_VALID_BIND_ACCOUNT
GPPPA                   7300000000000000016  only a TT_USER that is a political account (is_gpppa)
BC_IDENTITY_ONLY        7300000000000000017  only a BC_AUTH_TT identity
LINKED_BY_OWNER         7300000000000000018  the owner's token sees the TT_USER, the manager's does not
MANY_PAGES              7300000000000000019  the only usable item is on the last page of every list
DELETED                 7300000000000000020  deleted at TikTok, still in the tokens' lists
FOREIGN                 7300000000000000021  belongs to another team, otherwise everything

One user has no token yet: u-starter, who reaches NOTHING and EVERYTHING_READY, and no Business Center. A user with a
token can consent again: the new token has the advertisers and the missing permissions of the first one.

The demo tokens, "simulated-token-<user>", with their advertisers in TikTok's order:

OWNER             u-owner       EVERYTHING_READY, SUSPENDED, LINKED_BY_OWNER, DELETED;
                                one Business Center (as its ADMIN) with an eligible catalog
MANAGER           u-manager     SECOND_BUSINESS_CENTER, LIBRARY_FORM, LINKED_BY_OWNER;
                                two Business Centers, the second with the only catalog and a form library
MEDIA_BUYER       u-buyer       NOTHING, CUSTOM_RESTRICTED, CUSTOM_ALLOWED, CUSTOM_UNCERTAIN, UNBOUND_PIXELS,
                                QUIET_PIXEL, DRAFT_FORMS, LEAD_TERMS_UNSIGNED, UNAVAILABLE_TT_USER, GPPPA,
                                BC_IDENTITY_ONLY, DELETED; one Business Center without any catalog
CATALOG_OPERATOR  u-catalog     CATALOG_NOT_ELIGIBLE; one Business Center, its only catalog NOT_AVAILABLE
FREELANCER        u-freelancer  NO_BUSINESS_CENTER; no Business Center
AGENCY            u-agency      MANY_PAGES; twelve Business Centers, 120 catalogs in the last, one eligible
NEWCOMER          u-newcomer    connected, but no advertiser
NARROW_SCOPE      u-narrow      EVERYTHING_READY like the owner, but the token lacks the pixel scope
REVOKED           u-revoked     EVERYTHING_READY, but the token is revoked
FOREIGN_TEAM      u-foreign     FOREIGN; its own Business Center
"""

from local.tiktok_simulator.demo import STARTER, DemoAdvertiser, DemoToken, demo_world
from local.tiktok_simulator.faults import FAULT_KINDS, Fault, FaultKind
from local.tiktok_simulator.oauth import ConsentError
from local.tiktok_simulator.simulator import Simulator
from local.tiktok_simulator.world import (
    Advertiser,
    App,
    BusinessCenter,
    Catalog,
    FormLibrary,
    Identity,
    Image,
    Page,
    Pixel,
    Scope,
    Store,
    Token,
    User,
    World,
)

__all__ = [
    "FAULT_KINDS",
    "STARTER",
    "Advertiser",
    "App",
    "BusinessCenter",
    "Catalog",
    "ConsentError",
    "DemoAdvertiser",
    "DemoToken",
    "Fault",
    "FaultKind",
    "FormLibrary",
    "Identity",
    "Image",
    "Page",
    "Pixel",
    "Scope",
    "Simulator",
    "Store",
    "Token",
    "User",
    "World",
    "demo_world",
]
