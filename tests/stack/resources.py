"""The deployed stack's resources by their logical ids."""

from local.stack import LocalStack


def physical_id(stack: LocalStack, logical_id: str) -> str:
    """Return the resource's physical id."""
    found = stack.client("cloudformation").describe_stack_resource(
        StackName=stack.main.stack_name, LogicalResourceId=logical_id
    )
    name: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return name
