"""The product: can this TikTok ad be published, and if not, what is missing?

A request: :mod:`~publishing.http.endpoint` (event to principal and typed request) →
:mod:`~publishing.publish_check`, :mod:`~publishing.identities` or :mod:`~publishing.connections` (what is asked) →
:mod:`~publishing.tokens` (with whose token) → :mod:`~publishing.http.response_schemas`.
:mod:`~publishing.readiness` is what runs in the background, :mod:`~publishing.events` what is published,
:mod:`~publishing.ports` what is kept outside the process and :mod:`~publishing.repositories` where.
:mod:`~publishing.bootstrap` puts it all together.
"""
