"""The product: can this TikTok ad be published, and if not, what is missing?

- :mod:`~publishing.bootstrap`: constructs all dependencies of a function, once.
- :mod:`~publishing.http`: from an event to a caller and a typed request, and from a result or error to a response.
- :mod:`~publishing.publish_check`, :mod:`~publishing.identities`, :mod:`~publishing.connections`: what endpoints do.
- :mod:`~publishing.preflight`: the rules of each objective, the evidence that they need and the verdict.
- :mod:`~publishing.tokens`: whose token is used, and which is next if TikTok rejects it.
- :mod:`~publishing.readiness`: scheduled and requested checks in the background.
- :mod:`~publishing.events`: what is published on the event bus.
- :mod:`~publishing.ports`, :mod:`~publishing.repositories`: what is stored, as protocols and on AWS.
"""
