"""The adapters to AWS: the only modules that know boto3 and what the table's items look like."""
