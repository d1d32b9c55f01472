"""POST /api/v1/tiktok/identities: create a CUSTOMIZED_USER identity."""

from functools import partial

from publishing import cold_start
from publishing.endpoint import body_endpoint
from publishing.identities.creation import create_identity
from publishing.inputs import CreateIdentityBody
from publishing.services import services_from_environment

lambda_handler = body_endpoint(partial(create_identity, services_from_environment()), CreateIdentityBody)
cold_start.over()
