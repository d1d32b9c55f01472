"""The product: can this TikTok ad be published, and if not, what is missing?

The way of a request: :mod:`~publishing.endpoint` (event to caller and typed request) → :mod:`~publishing.publish_check`
or :mod:`~publishing.identities` (what is asked) → :mod:`~publishing.services` (with whose token), which goes by
:mod:`~publishing.teams` (one query), :mod:`~publishing.token_choice` (who comes first) and :mod:`~publishing.session`
(the token that works) → one of :mod:`~publishing.answers`.
:mod:`~publishing.triggers` is what :mod:`~publishing.endpoint` is to requests, for events of the schedule and the bus.
"""
