"""Makes docs/openapi.yaml from the models, the objective table and the problem table: `python -m local.openapi`.

`operations` is the table to change when an endpoint comes or changes; the rest follows from the code.
"""

from local.openapi.document import openapi, written

__all__ = ["openapi", "written"]
