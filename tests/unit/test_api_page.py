"""The API's page: Swagger UI from the installed package, on the committed OpenAPI document."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_lambda_powertools
import pytest
import requests
import yaml

from local.paths import OPENAPI
from local.wizard import News, Shown, Wizard
from local.wizard.server import API_PAGE

BASE_URL = "http://127.0.0.1:4566/_aws/execute-api/abc/live"
ORIGINS = ("http://127.0.0.1:4566", "http://127.0.0.1:5000")
TIMEOUT_SECONDS = 30.0


class SilentBus:
    """An event source without events."""

    def listen(self) -> list[Mapping[str, Any]]:
        return []


@pytest.fixture
def url() -> Iterator[str]:
    """The page's address, with a deployed stack."""
    with Wizard() as wizard:
        wizard.show(Shown(BASE_URL, {"users": []}, ORIGINS, News(SilentBus()), lambda: None))
        yield wizard.api_page_url


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=TIMEOUT_SECONDS)


def test_the_document_is_the_committed_one_with_the_local_server(url: str) -> None:
    """Everything except `servers` equals docs/openapi.yaml, so requests go to the local stack."""
    served = get(f"{url}/openapi.json").json()
    committed = yaml.safe_load(OPENAPI.read_text())
    assert served.pop("servers") == [{"url": BASE_URL, "description": "The local stack"}]
    assert committed.pop("servers")
    assert served == json.loads(json.dumps(committed))


@pytest.mark.parametrize("name", ["swagger-ui-bundle.min.js", "swagger-ui.min.css"])
def test_swagger_ui_comes_from_the_installed_package(url: str, name: str) -> None:
    """The bytes are those of aws-lambda-powertools, and the repository has no copy."""
    folder = Path(aws_lambda_powertools.__file__).parent / "event_handler" / "openapi" / "swagger_ui"
    assert get(f"{url}/{name}").content == (folder / name).read_bytes()
    assert not (API_PAGE / name).exists()


def test_every_file_that_the_page_loads_is_served_from_its_own_origin(url: str) -> None:
    """Scripts, styles and the icon are files of this server; the page has no inline script and no inline style."""
    page = get(url)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    paths = re.findall(r'<(?:link|script)[^>]+(?:href|src)="([^"]+)"', page.text)
    assert len(paths) == 5
    assert all(get(url.removesuffix("/api") + path).ok for path in paths)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page.text) == ["", ""]
    assert "style=" not in page.text
    assert "<style" not in page.text


def test_the_policy_allows_scripts_and_styles_of_the_page_alone(url: str) -> None:
    """Content-Security-Policy has no `unsafe-inline`, and requests can go to the local stack only."""
    rules = get(url).headers["Content-Security-Policy"].split("; ")
    assert {name: value for name, _, value in (rule.partition(" ") for rule in rules)} == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {' '.join(ORIGINS)}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("path", ["html.py", "../server.py", "%2e%2e/server.py", "nothing.js", "index.html/x"])
def test_other_files_are_not_served(url: str, path: str) -> None:
    """Neither other files of the package nor files outside the folder."""
    session = requests.Session()
    request = requests.Request("GET", url).prepare()
    request.url = f"{url}/{path}"
    assert session.send(request, timeout=TIMEOUT_SECONDS).status_code == 404


def test_another_host_name_gets_neither_page_nor_document(url: str) -> None:
    """DNS rebinding: a page of another site cannot read the page through its own host name."""
    assert get(url, Host="evil.example").status_code == 421
    assert get(f"{url}/openapi.json", Host="evil.example").status_code == 421


def test_before_the_deployment_there_is_no_document() -> None:
    """The page itself is served, and says that the stack is not deployed."""
    with Wizard() as wizard:
        assert get(wizard.api_page_url).status_code == 200
        assert get(f"{wizard.api_page_url}/openapi.json").status_code == 503
