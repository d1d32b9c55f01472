"""Writes docs/openapi.yaml."""

from local.openapi import openapi, written
from local.paths import OPENAPI

OPENAPI.write_text(written(openapi()), encoding="utf-8")
