"""`make openapi`: writes docs/openapi.yaml and docs/events/."""

from local.openapi import openapi, written
from local.openapi.event_schemas import write_event_schemas
from local.paths import OPENAPI

OPENAPI.write_text(written(openapi()), encoding="utf-8")
write_event_schemas()
