"""The product: can this TikTok ad be published, and if not, what is missing?

The way of a request: :mod:`~publishing.endpoint` (event to caller and typed request) → :mod:`~publishing.teams` (one
query) → :mod:`~publishing.token_choice` (whose token) → :mod:`~publishing.session` (the token that works) →
:mod:`~publishing.identities` or :mod:`~publishing.preflight` → one of :mod:`~publishing.answers`.
"""
