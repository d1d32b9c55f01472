"""Reading addresses that people are sent to."""

from urllib.parse import parse_qsl


def query_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(url.partition("?")[2]))
