"""docs/openapi.yaml to browse: one page, served on loopback by the local stack."""

from local.api_page.page import render
from local.api_page.server import ApiPage

__all__ = ["ApiPage", "render"]
