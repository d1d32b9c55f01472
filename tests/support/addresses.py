"""Reading URLs."""

from urllib.parse import parse_qsl


def query_of(url: str) -> dict[str, str]:
    """Return the query parameters of a URL."""
    return dict(parse_qsl(url.partition("?")[2]))
