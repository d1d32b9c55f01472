"""The adapters to AWS: the only modules that call it and know what the table's items look like.

Each module stores one thing; :mod:`publishing.ports` says what it promises. They share ``table`` and are given an
``AwsCall``: the light client of ``json_api`` or boto3's (:mod:`publishing.bootstrap` decides).
"""
