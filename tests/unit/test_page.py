import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom import page
from stockroom.page import Check, Document

HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror='a' \"b\"> & &amp; 'x' onfocus=alert(1)"


class _Reader(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def skeleton(self) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]

    def attributes(self, tag: str) -> dict[str, str | None]:
        return next(attributes for name, attributes in self.elements if name == tag)


Builder = Callable[[str], Document]

BUILDERS: dict[str, Builder] = {
    "result title": lambda text: page.result(text, "lead", {}, [], {}),
    "result lead": lambda text: page.result("title", text, {}, [], {}),
    "result count": lambda text: page.result("title", "lead", {text: 1}, [], {}),
    "result check title": lambda text: page.result("title", "lead", {}, [Check(text, "success", "m")], {}),
    "result check message": lambda text: page.result("title", "lead", {}, [Check("t", "success", text)], {}),
    "result check status": lambda text: page.result("title", "lead", {}, [Check("t", text, "m")], {}),
    "result value": lambda text: page.result("title", "lead", {}, [], {"name": text}),
    "result name": lambda text: page.result("title", "lead", {}, [], {text: "value"}),
    "failure": lambda text: page.failure(400, text),
    "failure again": lambda text: page.failure(403, "message", text or "harmless"),
    "notice title": lambda text: page.notice(text, "lead"),
    "notice lead": lambda text: page.notice("title", text),
    "question title": lambda text: page.question(text, "lead", "shop", "label", "button"),
    "question lead": lambda text: page.question("title", text, "shop", "label", "button"),
    "question label": lambda text: page.question("title", "lead", "shop", text, "button"),
    "question button": lambda text: page.question("title", "lead", "shop", "label", text),
    "doorway title": lambda text: page.doorway(text, "lead", "https://a.example", "button", "'none'"),
    "doorway lead": lambda text: page.doorway("title", text, "https://a.example", "button", "'none'"),
    "doorway address": lambda text: page.doorway("title", "lead", text, "button", "'none'"),
    "doorway button": lambda text: page.doorway("title", "lead", "https://a.example", text, "'none'"),
}

every_place = pytest.mark.parametrize("place", BUILDERS)


@every_place
def test_text_from_outside_adds_no_element_and_no_attribute(place: str) -> None:
    harmless = _Reader(BUILDERS[place]("harmless").html)
    assert _Reader(BUILDERS[place](HOSTILE).html).skeleton == harmless.skeleton


@every_place
def test_no_page_has_a_script_or_loads_anything(place: str) -> None:
    document = BUILDERS[place](HOSTILE)
    for tag, attributes in _Reader(document.html).elements:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base")
        assert not {"src", "srcset", "style", "background"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in document.html
    assert "url(" not in document.html


@every_place
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\0")))
def test_any_text_at_all_stays_text(place: str, text: str) -> None:
    harmless = _Reader(BUILDERS[place]("harmless").html)
    assert _Reader(BUILDERS[place](text).html).skeleton == harmless.skeleton


@every_place
def test_policy_lets_in_the_pages_own_style_and_nothing_else(place: str) -> None:
    document = BUILDERS[place]("harmless")
    styles = re.findall(r"<style>(.*?)</style>", document.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in document.policy.split("; "))
    assert len(styles) == 1
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == f"'sha256-{digest}'"
    assert rules["base-uri"] == "'none'"
    assert "script-src" not in rules


def test_only_the_question_may_send_a_form_and_only_the_doorway_be_framed() -> None:
    fixed = "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert page.result("t", "l", {}, [], {}).policy.endswith(fixed)
    assert page.failure(400, "m", "https://a.example").policy.endswith(fixed)
    assert page.notice("t", "l").policy.endswith(fixed)
    asked = page.question("t", "l", "shop", "label", "button").policy
    assert "form-action 'self' https: http://localhost:*;" in asked
    assert "frame-ancestors 'none'" in asked
    framed = page.doorway("t", "l", "https://a.example", "b", "https://x.example https://y.example").policy
    assert framed.endswith("form-action 'none'; base-uri 'none'; frame-ancestors https://x.example https://y.example")


def test_result_shows_counts_checks_and_the_answer() -> None:
    checks = [Check("Upload", "failed", "No bucket: make one."), Check("Reading", "success", "Fine.")]
    document = page.result("acme is connected", "It is there.", {"Products": 12345}, checks, {"name": "Größe <M>"})
    read = _Reader(document.html)
    assert "<dt>Products</dt><dd>12,345</dd>" in document.html
    assert "<span class='badge failed'>failed</span>" in document.html
    assert "<span class='badge success'>success</span>" in document.html
    for text in ("acme is connected · Stockroom", "It is there.", "No bucket: make one.", '"name": "Größe <M>"'):
        assert text in read.text


def test_result_without_counts_has_no_empty_list_of_them() -> None:
    assert "<dl>" not in page.result("t", "l", {}, [], {}).html
    assert "<dl>" in page.result("t", "l", {"Products": 0}, [], {}).html


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "That did not work"),
        (401, "This request is not signed as it should be"),
        (403, "Nothing was connected"),
        (404, "Nothing here"),
        (409, "Done already"),
        (500, "Stockroom is not set up right"),
        (502, "That did not work"),
    ],
)
def test_failure_says_what_kind_and_why(status: int, title: str) -> None:
    read = _Reader(page.failure(status, "The cause: the fix.").html)
    assert title in read.text
    assert str(status) in read.text
    assert "The cause: the fix." in read.text


def test_question_comes_back_with_the_field_it_asks_for() -> None:
    read = _Reader(page.question("Connect a shop", "Its name?", "shop", "ac'me\"", "Connect").html)
    assert read.attributes("form") == {"method": "get"}
    asked = read.attributes("input")
    assert (asked["name"], asked["placeholder"], asked["aria-label"]) == ("shop", "ac'me\"", "ac'me\"")


def test_doorway_leads_out_of_the_frame() -> None:
    link = _Reader(page.doorway("t", "l", "https://a.example/?x='&y=\"", "Continue", "'none'").html).attributes("a")
    assert (link["href"], link["target"]) == ("https://a.example/?x='&y=\"", "_top")


def test_every_page_is_utf8_html_in_english_with_its_title() -> None:
    document = page.failure(400, "m")
    assert document.html.startswith("<!doctype html><html lang=en><meta charset=utf-8>")
    assert "<title>That did not work · Stockroom</title>" in document.html


def test_failure_that_a_login_may_mend_leads_there() -> None:
    document = page.failure(403, "Declined.", "https://faas.example/login?again=1&x='2'")
    read = _Reader(document.html)
    assert read.attributes("a") == {"class": "button", "href": "https://faas.example/login?again=1&x='2'"}
    assert "Log in again" in read.text


@pytest.mark.parametrize("again", [None, ""])
def test_failure_that_no_login_mends_has_no_link(again: str | None) -> None:
    assert "a" not in [tag for tag, _ in _Reader(page.failure(500, "Broken.", again).html).elements]


def test_notice_shows_its_title_and_text() -> None:
    read = _Reader(page.notice("Your data was deleted", "Nothing <is> kept.").html)
    assert read.text.count("Your data was deleted") == 2
    assert "Nothing <is> kept." in read.text
