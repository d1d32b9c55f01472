"""Connecting a person's TikTok: consent, callback, completion, the advertiser list, disconnecting.

A connection is an item in DynamoDB and a secret in Secrets Manager, and no transaction spans the two. A write-ahead
record does (:mod:`~publishing.connections.pending_operation`, decision 22): whoever comes next, the person again or the
sweep, finishes what was begun. To read in order: ``pending_operation``, ``authorize`` (to TikTok), ``callback`` (back),
``connect``, ``completion``, ``disconnect``, ``advertiser_list``, ``refresh`` and ``list_connections``.
"""
