"""POST /api/v1/tiktok/identities: creates a CUSTOMIZED_USER identity."""

from functools import partial

from publishing import cold_start
from publishing.bootstrap import Bootstrap
from publishing.http.endpoint import body_endpoint
from publishing.http.request_schemas import CreateIdentityBody
from publishing.identities.creation import create_identity

bootstrap = Bootstrap()
lambda_handler = body_endpoint(partial(create_identity, bootstrap.tokens, bootstrap.idempotency), CreateIdentityBody)
cold_start.finish()
