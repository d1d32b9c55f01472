"""What each function's role grants: the one table."""

LOG, TABLE, INDEX, BUS = "its own log", "Table.Arn", "${Table.Arn}/index/due", "EventBus.Arn"
LOOKS, URGENT, DEAD = "ReadinessQueue.Arn", "ReadinessUrgentQueue.Arn", "ReadinessDeadLetterQueue.Arn"
CONNECTION_QUEUE = "ConnectionQueue.Arn"
_SECRET = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretPrefix}"
CONNECTIONS, APP = f"{_SECRET}/connections/*", f"{_SECRET}/app-??????"
"""Secrets Manager ends every secret's ARN with six characters of its own, so that no other secret's is the app's."""
WRITES_LOG = {LOG: {"logs:CreateLogStream", "logs:PutLogEvents"}}
SECRETS = {CONNECTIONS: {"secretsmanager:GetSecretValue"}}
KNOWS_APP = {APP: {"secretsmanager:GetSecretValue"}}
READER = WRITES_LOG | SECRETS | {TABLE: {"dynamodb:Query", "dynamodb:UpdateItem"}}
SENDS = {LOOKS: {"sqs:SendMessage"}, URGENT: {"sqs:SendMessage"}}
RECORDS = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
CHANGES = RECORDS | {"dynamodb:DeleteItem", "dynamodb:UpdateItem"}
TAKES = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
GRANTS: dict[str, dict[str, set[str]]] = {
    "AuthorizerFunction": WRITES_LOG | {TABLE: {"dynamodb:Query"}},
    "CheckIdentityFunction": READER,
    "ListIdentitiesFunction": READER,
    "CreateIdentityFunction": READER | {TABLE: READER[TABLE] | {"dynamodb:PutItem", "dynamodb:DeleteItem"}},
    "CreateIdentityImageFunction": READER,
    "CreateConnectionFunction": WRITES_LOG | KNOWS_APP | {TABLE: {"dynamodb:PutItem"}},
    "ConnectionCallbackFunction": WRITES_LOG
    | KNOWS_APP
    | {TABLE: CHANGES, BUS: {"events:PutEvents"}}
    | {
        CONNECTIONS: {
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret",
        }
    },
    "ListConnectionsFunction": WRITES_LOG | {TABLE: {"dynamodb:Query"}},
    "DeleteConnectionFunction": WRITES_LOG
    | KNOWS_APP
    | {TABLE: CHANGES, CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}},
    "RefreshConnectionsFunction": WRITES_LOG
    | KNOWS_APP
    | {TABLE: CHANGES, CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}}
    | {BUS: {"events:PutEvents"}, CONNECTION_QUEUE: TAKES - {"sqs:ChangeMessageVisibility"}},
    "PublishCheckFunction": READER | SENDS | KNOWS_APP | {TABLE: READER[TABLE] | RECORDS},
    "PublishCheckRulesFunction": WRITES_LOG,
    "ReadinessFunction": WRITES_LOG | {TABLE: {"dynamodb:GetItem", "dynamodb:Query"}},
    "ReadinessSweepFunction": WRITES_LOG
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}, INDEX: {"dynamodb:Query"}}
    | {LOOKS: {"sqs:GetQueueAttributes", "sqs:SendMessage"}, URGENT: {"sqs:SendMessage"}, DEAD: {"sqs:SendMessage"}}
    | {CONNECTION_QUEUE: {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
    "ReadinessRequestFunction": WRITES_LOG
    | SENDS
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}, DEAD: {"sqs:SendMessage"}},
    "ReadinessCheckFunction": WRITES_LOG
    | SECRETS
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}}
    | {LOOKS: TAKES | {"sqs:SendMessage"}, URGENT: TAKES | {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
}
"""What each function may do, and to what.

A query for the team; the mark; secrets; intents begun, ended and forgotten; records read and written, found by the
index, accounts of sweeps; looks put, taken and hidden; events. States of consents; changes of connections begun, noted
on and ended; tokens put away and taken out; connections written, listed and marked. With the dead letters' SendMessage
Lambda itself puts away an event that failed.
"""
