"""Generates the OpenAPI document from the models, the objective table and the problem table, and the events' schemas.

``python -m tools.openapi`` writes docs/openapi.yaml and docs/events/.

``operations`` is the table to change for a new or changed endpoint; everything else follows from the code.
"""

from tools.openapi.document import openapi, written

__all__ = ["openapi", "written"]
