"""The permissions that each function's role grants."""

LOG, TABLE, INDEX, BUS = "its own log", "Table.Arn", "${Table.Arn}/index/due", "EventBus.Arn"
CHECKS, URGENT, DEAD_LETTERS = "ReadinessQueue.Arn", "ReadinessUrgentQueue.Arn", "ReadinessDeadLetterQueue.Arn"
CONNECTION_QUEUE = "ConnectionQueue.Arn"
_SECRET = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretPrefix}"
CONNECTIONS, APP = f"{_SECRET}/connections/*", f"{_SECRET}/app-??????"
"""Secrets Manager appends six random characters to every secret's ARN."""
WRITES_LOG = {LOG: {"logs:CreateLogStream", "logs:PutLogEvents"}}
SECRETS = {CONNECTIONS: {"secretsmanager:GetSecretValue"}}
READS_APP = {APP: {"secretsmanager:GetSecretValue"}}
READER = WRITES_LOG | SECRETS | {TABLE: {"dynamodb:Query", "dynamodb:UpdateItem"}}
SENDS_CHECKS = {CHECKS: {"sqs:SendMessage"}, URGENT: {"sqs:SendMessage"}}
RECORDS = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
CONNECTION_WRITES = RECORDS | {"dynamodb:DeleteItem", "dynamodb:UpdateItem"}
RECEIVES = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
GRANTS: dict[str, dict[str, set[str]]] = {
    "AuthorizerFunction": WRITES_LOG | {TABLE: {"dynamodb:Query"}},
    "CheckIdentityFunction": READER,
    "ListIdentitiesFunction": READER,
    "CreateIdentityFunction": READER | {TABLE: READER[TABLE] | {"dynamodb:PutItem", "dynamodb:DeleteItem"}},
    "CreateIdentityImageFunction": READER,
    "CreateConnectionFunction": WRITES_LOG | READS_APP | {TABLE: {"dynamodb:PutItem"}},
    "ConnectionCallbackFunction": WRITES_LOG | {TABLE: {"dynamodb:GetItem", "dynamodb:UpdateItem"}},
    "CompleteConnectionFunction": WRITES_LOG
    | READS_APP
    | {TABLE: CONNECTION_WRITES, BUS: {"events:PutEvents"}}
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
    "ListConnectionAdvertisersFunction": WRITES_LOG | {TABLE: {"dynamodb:Query"}},
    "DeleteConnectionFunction": WRITES_LOG
    | READS_APP
    | {TABLE: CONNECTION_WRITES, CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}},
    "RefreshConnectionsFunction": WRITES_LOG
    | READS_APP
    | {TABLE: CONNECTION_WRITES, CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}}
    | {BUS: {"events:PutEvents"}, CONNECTION_QUEUE: RECEIVES - {"sqs:ChangeMessageVisibility"}},
    "PublishCheckFunction": READER | SENDS_CHECKS | READS_APP | {TABLE: READER[TABLE] | RECORDS},
    "PublishCheckRulesFunction": WRITES_LOG,
    "ReadinessFunction": WRITES_LOG | {TABLE: {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}},
    "ReadinessSweepFunction": WRITES_LOG
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}, INDEX: {"dynamodb:Query"}}
    | {
        CHECKS: {"sqs:GetQueueAttributes", "sqs:SendMessage"},
        URGENT: {"sqs:SendMessage"},
        DEAD_LETTERS: {"sqs:SendMessage"},
    }
    | {CONNECTION_QUEUE: {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
    "ReadinessRequestFunction": WRITES_LOG
    | SENDS_CHECKS
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}, DEAD_LETTERS: {"sqs:SendMessage"}},
    "ReadinessCheckFunction": WRITES_LOG
    | SECRETS
    | {TABLE: RECORDS | {"dynamodb:UpdateItem"}}
    | {CHECKS: RECEIVES | {"sqs:SendMessage"}, URGENT: RECEIVES | {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
}
"""Actions by function and resource.

On the table: query a team, mark connections expired, write idempotency, readiness and pending-operation records, states
and sweep statistics. Lambda itself sends failed events to the dead-letter queue.
"""
