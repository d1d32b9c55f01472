"""What runs the product on this machine, and what measures, describes and deploys it.

Commands: `__main__` (make run and demo), `doctor`, `logs`, `invoke`, `deploy`; and the packages `bench`, `simulation`,
`mutation` and `openapi`, each with one of its own. `stack` puts the local stack together: `ministack` (emulated AWS),
`tiktok_simulator`, `identity_provider`, `wizard` and `api_page`, with the teams of `demo`. For tests, bench and
simulation there are `in_memory_aws`, `in_memory_readiness`, `lambda_runtime` and `official_sdk`; `docs` makes tables.
Several of them use `console`, `paths`, `sam_template`, `tools` (what runs in `.tools`), `loopback`, `markdown` and
`aws_prices`.
"""
