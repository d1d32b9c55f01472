"""The adapters to AWS: the only modules that speak to it and know what the table's items look like.

:mod:`~publishing.aws.json_api` reads without boto3, :mod:`~publishing.aws.clients` has boto3's client for writes.
"""
