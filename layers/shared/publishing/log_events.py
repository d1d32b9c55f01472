"""Every line that the functions log, by name. The facts go beside it as fields; tokens never do."""

from enum import StrEnum


class LogEvent(StrEnum):
    """What happened."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    AUTHENTICATED = "authenticated"
    NOT_AUTHENTICATED = "not authenticated"
    SECRET_UNUSABLE = "the secret of a connection is missing or holds no token"  # noqa: S105 - a text about a secret
    TOKEN_DEAD = "TikTok calls the token dead"  # noqa: S105 - a text about a token
    TOKEN_REFUSED = "TikTok refuses this token the advertiser"  # noqa: S105 - a text about a token
    CREATE_UNCERTAIN = "whether TikTok created the identity is not known"
    INTENT_NOT_STORED = "the identity is created, but its answer could not be stored"
    SNAPSHOT_NOT_REFRESHED = "the preflight's answer stands, but the snapshot does not know of it"
    SWEPT = "swept"
    SWEEP_GOES_ON = "the sweep goes on in another run"
    CHECKS_UNVERIFIABLE = "most checks of the last sweep could not be verified"
    LOOK_ASKED = "looks are asked for"
    REQUEST_REFUSED = "an event asks for a look, but not so that it can be understood"
    CHECKED = "checked"
    CHECK_FAILED = "a check failed and comes back"
    MESSAGE_UNREADABLE = "a message cannot be read"
    NOT_HIDDEN = "a message comes back later than it could"
    NOT_COUNTED = "what came of a batch of messages is not in its sweep's account"
    EXPIRY_TOLD = "others are told that a connection has ended"
    CONNECTED = "TikTok is connected"
    NOT_CONNECTED = "TikTok did not exchange a code"
    ADVERTISERS_LISTED = "the advertisers of a connection are listed"
    ADVERTISERS_NOT_LISTED = "TikTok does not tell the advertisers of a connection"
    NOT_REVOKED = "TikTok did not revoke a token yet"
    REFRESH_LATER = "the refresh of a connection is put off"
    APP_NOT_SET_UP = "the secret of the TikTok app is not filled in"
    CHANGE_FINISHED = "a change of a connection that was left unfinished is over"
    REFRESH_FAILED = "the refresh of a connection failed and comes back"
    CONNECTIONS_ASKED = "refreshes of connections are asked for"
