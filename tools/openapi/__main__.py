"""``make openapi``: writes docs/openapi.yaml and docs/events/."""

from local.paths import OPENAPI
from tools.openapi import openapi, written
from tools.openapi.event_schemas import write_event_schemas

OPENAPI.write_text(written(openapi()), encoding="utf-8")
write_event_schemas()
