"""POST /api/v1/tiktok/identity-images: upload a picture for an identity."""

from functools import partial

from publishing import cold_start

# isort: split

from pictures import prepare
from publishing.endpoint import body_endpoint
from publishing.identities.images import (
    BUDGET_SECONDS,
    MAX_REQUEST_BYTES,
    READ_TIMEOUT_SECONDS,
    create_identity_image,
)
from publishing.inputs import CreateIdentityImageBody
from publishing.services import services_from_environment

lambda_handler = body_endpoint(
    partial(create_identity_image, services_from_environment(read_timeout=READ_TIMEOUT_SECONDS), prepare),
    CreateIdentityImageBody,
    max_bytes=MAX_REQUEST_BYTES,
    budget_seconds=BUDGET_SECONDS,
)
cold_start.over()
