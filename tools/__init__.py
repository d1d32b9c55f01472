"""What an engineer runs: `bench`, `simulation`, `mutation` and `openapi`, each a command of its own.

`docs` makes tables of pages. `in_memory_aws`, `in_memory_readiness`, `lambda_runtime` and `official_sdk` serve them and
the tests; several use `markdown` and `aws_prices`.
"""
