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
WRITTEN_CONNECTIONS, WRITTEN_STATES = f"{TABLE} CONNECTIONS#*", f"{TABLE} CONNECTING#*"
WRITTEN_INTENTS, WRITTEN_READINESS, WRITTEN_SWEEPS = f"{TABLE} INTENT#*", f"{TABLE} READINESS#*", f"{TABLE} SWEEP"
"""The table, with the leading key of the items that may be written."""
PUT, UPDATE, DELETE = "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"
READS_TEAM = {TABLE: {"dynamodb:Query"}}
READS = {TABLE: {"dynamodb:GetItem", "dynamodb:Query"}}
MARKS_CONNECTIONS = {WRITTEN_CONNECTIONS: {UPDATE}}
READER = WRITES_LOG | SECRETS | READS_TEAM | MARKS_CONNECTIONS
SENDS_CHECKS = {CHECKS: {"sqs:SendMessage"}, URGENT: {"sqs:SendMessage"}}
KEEPS_READINESS = READS | MARKS_CONNECTIONS | {WRITTEN_READINESS: {PUT}}
RECEIVES = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
READS_LISTS = {TABLE: READS[TABLE] | {"dynamodb:BatchGetItem"}}
WRITES_LISTS = READS_LISTS | {f"{TABLE} ADVERTISERS#*": {"dynamodb:BatchWriteItem"}}
GRANTS: dict[str, dict[str, set[str]]] = {
    "AuthorizerFunction": WRITES_LOG | {TABLE: {"dynamodb:BatchGetItem"}},
    "CheckIdentityFunction": READER,
    "ListIdentitiesFunction": READER,
    "CreateIdentityFunction": READER | {WRITTEN_INTENTS: {DELETE, PUT, UPDATE}},
    "CreateIdentityImageFunction": READER,
    "CreateConnectionFunction": WRITES_LOG | READS_APP | {WRITTEN_STATES: {PUT}},
    "ConnectionCallbackFunction": WRITES_LOG | {TABLE: {"dynamodb:GetItem"}, WRITTEN_STATES: {UPDATE}},
    "CompleteConnectionFunction": WRITES_LOG
    | READS_APP
    | WRITES_LISTS
    | {WRITTEN_STATES: {UPDATE}, WRITTEN_CONNECTIONS: {DELETE, PUT, UPDATE}, BUS: {"events:PutEvents"}}
    | {
        CONNECTIONS: {
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:RestoreSecret",
        }
    },
    "ListConnectionsFunction": WRITES_LOG | {TABLE: READS_TEAM[TABLE] | {"dynamodb:BatchGetItem"}},
    "ListConnectionAdvertisersFunction": WRITES_LOG | {TABLE: READS_TEAM[TABLE] | {"dynamodb:BatchGetItem"}},
    "DeleteConnectionFunction": WRITES_LOG
    | READS_APP
    | READS
    | {WRITTEN_CONNECTIONS: {DELETE, PUT, UPDATE}, WRITTEN_STATES: {UPDATE}}
    | {CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}},
    "RefreshConnectionsFunction": WRITES_LOG
    | READS_APP
    | WRITES_LISTS
    | {WRITTEN_CONNECTIONS: {DELETE, PUT, UPDATE}, WRITTEN_STATES: {UPDATE}}
    | {CONNECTIONS: {"secretsmanager:DeleteSecret", "secretsmanager:GetSecretValue"}}
    | {BUS: {"events:PutEvents"}, CONNECTION_QUEUE: RECEIVES - {"sqs:ChangeMessageVisibility"}},
    "PublishCheckFunction": READER | SENDS_CHECKS | READS_APP | KEEPS_READINESS | WRITES_LISTS,
    "PublishCheckRulesFunction": WRITES_LOG,
    "ReadinessFunction": WRITES_LOG | READS_LISTS,
    "ReadinessSweepFunction": WRITES_LOG
    | KEEPS_READINESS
    | {WRITTEN_SWEEPS: {UPDATE}, INDEX: {"dynamodb:Query"}}
    | {
        CHECKS: {"sqs:GetQueueAttributes", "sqs:SendMessage"},
        URGENT: {"sqs:SendMessage"},
        DEAD_LETTERS: {"sqs:SendMessage"},
    }
    | {CONNECTION_QUEUE: {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
    "ReadinessRequestFunction": WRITES_LOG
    | SENDS_CHECKS
    | KEEPS_READINESS
    | WRITES_LISTS
    | {DEAD_LETTERS: {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
    "ReadinessCheckFunction": WRITES_LOG
    | SECRETS
    | KEEPS_READINESS
    | READS_LISTS
    | {WRITTEN_SWEEPS: {UPDATE}}
    | {CHECKS: RECEIVES | {"sqs:SendMessage"}, URGENT: RECEIVES | {"sqs:SendMessage"}, BUS: {"events:PutEvents"}},
}
"""Actions by function and resource; for writes of items, the resource includes the leading key.

On the table: read a team, mark connections expired, write idempotency, readiness and pending-operation records, states
and sweep statistics. Lambda itself sends failed events to the dead-letter queue.
"""
