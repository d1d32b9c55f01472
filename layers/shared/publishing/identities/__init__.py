"""The identities of an advertiser.

``lookup`` checks and lists them, ``creation`` creates a custom one (once: ``idempotency``), ``images`` uploads its
picture. ``display_name`` and ``avatars`` are the rules for names and pictures.
"""
