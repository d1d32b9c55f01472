"""The page that shows docs/openapi.yaml: complete, whole and safe."""

import base64
import copy
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
import yaml

from local.api_page import ApiPage, render, schemas
from local.api_page.page import STYLE, operations, resolved
from local.api_page.text import line, paragraphs
from local.paths import OPENAPI

DOCUMENT: dict[str, Any] = yaml.safe_load(OPENAPI.read_text())
PAGE = render(DOCUMENT)
_VOID = {"meta", "link", "wbr"}


@dataclass
class Page(HTMLParser):
    """What a browser makes of it, as far as these tests ask."""

    open: list[str] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    links: set[str] = field(default_factory=set)
    regions: Counter[str] = field(default_factory=Counter)
    headings: list[int] = field(default_factory=list)
    elements: Counter[str] = field(default_factory=Counter)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    """The text below each element with an id."""
    _under: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements[tag] += 1
        if (identifier := given.get("id")) is not None:
            self.ids[identifier] += 1
        if tag == "a":
            self.links.add(given.get("href") or "")
        if given.get("role") == "region":
            self.regions[given.get("aria-label") or ""] += 1
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag not in _VOID:
            self.open.append(tag)
            self._under.append(identifier)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.astray.append(tag)
        self._under.pop()

    def handle_data(self, data: str) -> None:
        for identifier in filter(None, self._under):
            self.pieces.setdefault(identifier, []).append(data)

    def text(self, identifier: str) -> str:
        """All that stands in the element of this id."""
        return "".join(self.pieces[identifier])


@cache
def read(html: str = PAGE) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    list(operations(DOCUMENT)),
    ids=[one["operationId"] for *_, one in operations(DOCUMENT)],
)
def test_every_operation_is_there_with_all_that_is_said_of_it(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    """Its parameters, every status with its examples as they are sent, and every problem by its code."""
    text = read().text(f"operation-{operation['operationId']}")
    assert f"{method} {path}" in text
    for said in (operation["summary"], *operation.get("description", "").strip().split("\n\n")):
        for piece in said.split("|") if said.startswith("|") else [said]:
            assert piece.strip("-\n ").replace("`", "") in text
    for parameter in operation.get("parameters", []):
        assert parameter["name"] in text
    holders = list(operation["responses"].items())
    if "requestBody" in operation:
        holders.append(("Request", operation["requestBody"]))
    for status, holder in holders:
        assert status in text
        if "$ref" in holder:
            assert holder["$ref"].rpartition("/")[2] in text
        for content in holder.get("content", {}).values():
            for example in content.get("examples", {}).values():
                sent = json.dumps(resolved(DOCUMENT, example)["value"], ensure_ascii=False, indent=2)
                assert sent in text


@pytest.mark.parametrize("code", DOCUMENT["components"]["responses"])
def test_every_problem_has_its_fields_and_an_example(code: str) -> None:
    """With its headers, where it has some."""
    text = read().text(f"problem-{code}")
    response = DOCUMENT["components"]["responses"][code]
    assert json.dumps(DOCUMENT["components"]["examples"][code]["value"], ensure_ascii=False, indent=2) in text
    for header in response.get("headers", {}).values():
        assert header["description"] in text
    assert "request_id" in text


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_has_all_its_fields(name: str) -> None:
    """Each with its description."""
    text = read().text(f"schema-{name}")
    for field_name, described in DOCUMENT["components"]["schemas"][name].get("properties", {}).items():
        assert field_name in text
        assert described.get("description", "").partition("\n")[0].replace("`", "") in text


def test_every_link_leads_somewhere_on_the_page_and_no_id_is_twice() -> None:
    """Nothing is fetched and nothing leads away."""
    page = read()
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)
    assert set(page.ids.values()) == {1}
    assert not {"script", "img", "iframe", "object", "form"} & set(page.elements)


def test_the_page_is_well_formed_and_its_headings_are_in_order() -> None:
    """Which screen readers go by: every element ends, no level is left out, and no two regions have one name."""
    page = read()
    assert (page.open, page.astray) == ([], [])
    assert page.headings.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in zip(page.headings, page.headings[1:], strict=False))
    assert set(page.regions.values()) == {1}


def test_whatever_a_description_or_example_says_stays_text() -> None:
    """Also in names and values."""
    evil = "<script>alert(1)</script>"
    document = copy.deepcopy(DOCUMENT)
    document["info"]["title"] = document["info"]["description"] = evil
    operation = document["paths"]["/api/v1/tiktok/publish-check"]["get"]
    operation["summary"] = operation["description"] = evil
    operation["parameters"][0].update(name=evil, description=f"`{evil}`", example=evil)
    operation["responses"]["200"]["content"]["application/json"]["examples"] = {"x": {"summary": evil, "value": [evil]}}
    document["components"]["schemas"]["Warning"]["properties"][evil] = {"enum": [evil], "description": evil}
    html = render(document)
    assert "script" not in read(html).elements
    assert html.count("&lt;script&gt;") >= 10


def test_a_schema_with_a_new_field_changes_the_page() -> None:
    """Nothing of it is written by hand."""
    document = copy.deepcopy(DOCUMENT)
    document["components"]["schemas"]["Warning"]["properties"]["since"] = {"type": "string", "format": "date-time"}
    assert "since" not in read().text("schema-Warning")
    assert "sincestring, date-time" in read(render(document)).text("schema-Warning")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"], "maxLength": 5}, "string or null, at most <code>5</code> characters"),
        ({"enum": ["a", None]}, "one of <code>a</code>, <code>null</code>"),
        ({"const": 400}, "always <code>400</code>"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Fix"}}, 'list of <a href="#schema-Fix">Fix</a>'),
        ({"anyOf": [{"$ref": "#/components/schemas/Fix"}, {"type": "null"}]}, '<a href="#schema-Fix">Fix</a> or null'),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer by name"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({}, ""),
    ],
)
def test_types_are_told_in_words(schema: dict[str, Any], words: str) -> None:
    """References as links, limits behind."""
    assert schemas.kind(schema) == words


def test_fields_within_fields_are_told_by_their_path() -> None:
    """Those of a list's entries too."""
    inner = {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]}
    html = schemas.fields("x", {"properties": {"a": inner, "list": {"type": "array", "items": inner}}})
    assert re.findall(r"<tr><td><code>(.+?)</code></td><td>.*?</td><td>(yes|no)", html) == [
        ("a", "no"),
        ("a.b", "yes"),
        ("list", "no"),
        ("list[].b", "yes"),
    ]


def test_descriptions_are_read_as_the_markdown_they_are() -> None:
    """Code, paragraphs and tables; all else is text."""
    assert line("a `b < c` d & e") == "a <code>b &lt; c</code> d &amp; e"
    assert paragraphs("one\nline\n\ntwo") == "<p>one\nline</p><p>two</p>"
    html = paragraphs("| a | b |\n|---|---|\n| `1` | 2 |")
    assert '<th scope="col">a</th><th scope="col">b</th>' in html
    assert "<tr><td><code>1</code></td><td>2</td></tr>" in html


def test_it_is_served_on_loopback_and_allows_nothing_but_its_own_style() -> None:
    """A browser keeps to that whatever the page holds; any other path is not found."""
    with ApiPage() as served:
        answer = requests.get(served.url, timeout=30)
        assert requests.get(f"{served.url}/other", timeout=30).status_code == 404
    assert served.url.startswith("http://127.0.0.1:")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == PAGE
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"
    )
