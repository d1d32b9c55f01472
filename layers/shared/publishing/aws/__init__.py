"""The adapters to AWS: the only modules that speak to it and know what the table's items look like.

What answers wait for goes over :mod:`~publishing.aws.json_api`, without boto3, and what is kept in DynamoDB through
:mod:`~publishing.aws.table`; :mod:`~publishing.aws.clients` has botocore's client for the mark on a dead connection.
The others are one store each.
"""
