"""The Lambda authorizer: ``token_claims`` (who the bearer token stands for) and ``policy`` (what they may call)."""
