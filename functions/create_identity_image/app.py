"""POST /api/v1/tiktok/identity-images: uploads a picture for an identity."""

from functools import partial

from publishing import cold_start

# isort: split

from pictures import prepare
from publishing.bootstrap import Bootstrap
from publishing.http.endpoint import body_endpoint
from publishing.http.request_schemas import CreateIdentityImageBody
from publishing.identities.images import (
    BUDGET_SECONDS,
    MAX_REQUEST_BYTES,
    READ_TIMEOUT_SECONDS,
    create_identity_image,
)

lambda_handler = body_endpoint(
    partial(create_identity_image, Bootstrap(read_timeout=READ_TIMEOUT_SECONDS).tokens, prepare),
    CreateIdentityImageBody,
    max_bytes=MAX_REQUEST_BYTES,
    budget_seconds=BUDGET_SECONDS,
)
cold_start.finish()
