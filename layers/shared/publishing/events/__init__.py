"""What this service publishes on the event bus: ``schemas`` (the events and the outbox), ``notifications``."""
