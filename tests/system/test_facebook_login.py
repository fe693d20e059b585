"""From a login to the Pages' data in the bucket, through every real part but Facebook itself."""

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.system.test_shopify_login import PICTURES, connect_in, picture

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.system.conftest import Start, Stockroom

ASTRID, BENEDIKT, CARMEN, _, _, FARID, GRETA = (f"12210000000000010{number}" for number in range(1, 8))
CAFE, CLEARED, WHOLE = "104810000000001", "104810000000002", "104810000000003"
KERAMIK = "104810000000701"
SANDBOXES_OWN = ("facebook.json", "sandbox.json", "secrets.json")
"""Where the sandboxes keep what they gave out, and the secrets of both sides."""

UNCHANGED = {"status": "success", "message": "No upload needed: Data unchanged"}


def snapshot(page: str) -> str:
    return f"facebook/{page}/page_data.json"


def dialog_in(browser: "BrowserContext", stockroom: "Stockroom", person: str) -> "Page":
    """What the owner does before they decide: begin on the start page, say who they are."""
    page = browser.new_page()
    page.goto(stockroom.url)
    page.get_by_role("link", name="Continue with Facebook").click()
    page.get_by_role("button", name=person).click()
    return page


def decide(page: "Page", stockroom: "Stockroom", button: str = "Continue") -> None:
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{stockroom.url}/facebook/callback*")


def shown(page: "Page") -> Any:
    """The JSON at the end of the page."""
    return json.loads(page.locator("pre").inner_text())


def upload_results(answer: Any) -> list[dict[str, str]]:
    return [item["result"] for item in answer["upload_status_result"]]


def test_owner_connects_a_shop_and_pages_in_one_browser_session(
    browser: "BrowserContext", stockroom: "Stockroom"
) -> None:
    shop = connect_in(browser, stockroom, "both-shop")
    page = dialog_in(browser, stockroom, "Astrid Sjöberg")
    picture(page, "facebook-consent")
    decide(page, stockroom)
    picture(page, "facebook-result")
    assert page.get_by_role("heading", level=1).inner_text() == "Your Pages are connected"
    assert page.locator(".badge").all_inner_texts() == ["success"] * 4
    assert shop.locator(".badge").all_inner_texts() == ["success"] * 3
    found = shown(page)["pages"]["data"]
    assert [one["id"] for one in found] == [CAFE, CLEARED, WHOLE]
    for one in found:
        lies = stockroom.object(snapshot(one["id"]))
        assert "•" in one.pop("access_token")
        assert one == {name: lies[name] for name in one}
    assert shown(shop)["shopify_data"] == stockroom.object("both-shop.myshopify.com/shopify_data.json")
    assert {cookie["httpOnly"] for cookie in browser.cookies()} == {True}


def test_pages_of_both_logins_load_and_run_nothing_from_anywhere(
    browser: "BrowserContext", stockroom: "Stockroom"
) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    browser.on("request", lambda request: asked.append(request.url.partition("?")[0]))
    browser.on("console", lambda message: complaints.append(message.text))
    page = dialog_in(browser, stockroom, "Greta Lindqvist")
    decide(page, stockroom)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(("http://localhost:", "data:"))] == []
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_program_gets_both_logins_as_json(stockroom: "Stockroom") -> None:
    shopify, facebook = stockroom.log_in("json-shop"), stockroom.log_in_with_facebook(ASTRID)
    for answer in (shopify, facebook):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
    assert facebook.json().keys() == {
        "token_data",
        "pages",
        "webhook_test",
        "polling_test",
        "upload_status_result",
    }
    assert shopify.json()["shopify_data"] == stockroom.object("json-shop.myshopify.com/shopify_data.json")


def test_agency_connects_120_pages_and_a_second_login_uploads_nothing(
    start: "Start", capsys: pytest.CaptureFixture[str]
) -> None:
    stockroom = start()
    answers, calls, times = [], [], []
    for _ in range(2):
        requests.delete(f"{stockroom.facebook}/_sandbox/requests", timeout=30)
        begun = time.monotonic()
        answers.append(stockroom.log_in_with_facebook(BENEDIKT).json())
        times.append(time.monotonic() - begun)
        seen = [one for one in stockroom.facebooks("requests") if one["operation"] != "dialog"]
        calls.append((len(seen), sum(one.get("batch", 1) for one in seen)))
    first, second = answers
    pages = [page["id"] for page in first["pages"]["data"]]
    told = [
        f"120 Pages, {name} login: {seconds:.1f} s, {sent} requests, {counted} Graph calls\n"
        for name, seconds, (sent, counted) in zip(("first", "second"), times, calls, strict=True)
    ]
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "facebook-120-pages.txt").write_text("".join(told))  # several test processes show no output
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(told))
    assert len(set(pages)) == 120
    assert {result["status"] for result in upload_results(first)} == {"success"}
    assert {key for key in stockroom.contents() if key.endswith("page_data.json")} == set(map(snapshot, pages))
    assert stockroom.object(snapshot(pages[119]))["name"] == first["pages"]["data"][119]["name"]
    assert upload_results(second) == [UNCHANGED] * 120
    assert calls[0][0] <= 20
    assert calls[1] < calls[0]  # what is subscribed already is not subscribed again


def test_pages_of_a_portfolio_are_reached_one_by_one(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    page = dialog_in(browser, stockroom, "Carmen Ruiz")
    decide(page, stockroom)
    names = [one["name"] for one in shown(page)["pages"]["data"]]
    assert names == ["Panadería Ruiz", "Heladería Ruiz"]
    assert page.locator(".badge").all_inner_texts() == ["success"] * 3


def test_owner_who_declined_a_permission_is_asked_again_by_a_link(
    browser: "BrowserContext", stockroom: "Stockroom"
) -> None:
    page = dialog_in(browser, stockroom, "Dmitri Petrov")
    decide(page, stockroom)
    picture(page, "facebook-declined")
    assert "Without pages_manage_metadata the Pages cannot be kept up to date" in page.locator("main").inner_text()
    assert not [key for key in stockroom.contents() if "104810000000401" in key]
    page.get_by_role("link", name="Log in again").click()
    page.get_by_role("button", name="Dmitri Petrov").click()
    picture(page, "facebook-asked-again")
    decide(page, stockroom)
    assert page.locator(".badge").all_inner_texts() == ["success"] * 2
    assert stockroom.object(snapshot("104810000000401"))["name"] == "Петров Мебель"


def test_owner_who_cancels_is_told_so_and_nothing_is_kept(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    before = stockroom.contents().keys()
    page = dialog_in(browser, stockroom, "Farid Haddad")
    decide(page, stockroom, "Cancel")
    picture(page, "facebook-cancelled")
    assert "cancelled on Facebook's page, so nothing was stored" in page.locator("main").inner_text()
    assert stockroom.contents().keys() == before


def test_owner_without_pages_is_told_so(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    page = dialog_in(browser, stockroom, "Emma Claes")
    decide(page, stockroom)
    assert "This login reaches no Page" in page.locator("main").inner_text()
    assert page.get_by_role("link", name="Log in again").is_visible()


def test_page_that_is_edited_on_facebook_leads_to_an_inbox_item(
    browser: "BrowserContext", stockroom: "Stockroom"
) -> None:
    assert stockroom.log_in_with_facebook(GRETA).status_code == 200
    folder = f".stockroom/inbox/facebook/{KERAMIK}/"
    assert not [key for key in stockroom.contents() if key.startswith(folder)]
    page = browser.new_page()
    page.goto(f"{stockroom.facebook}/pages/{KERAMIK}")
    page.get_by_label("Phone").fill("+46 31 70 00 01")
    page.get_by_role("button", name="Save").click()
    stockroom.wait_for(lambda: any(key.startswith(folder) for key in stockroom.contents()))
    (item,) = [json.loads(body) for key, body in stockroom.contents().items() if key.startswith(folder)]
    assert (item["provider"], item["page"], item["fields"]) == ("facebook", KERAMIK, ["phone"])


def test_person_who_asks_for_deletion_sees_its_state_at_the_address_that_facebook_shows(
    browser: "BrowserContext", start: "Start"
) -> None:
    stockroom = start()
    assert stockroom.log_in_with_facebook(ASTRID).status_code == 200
    page = browser.new_page()
    page.goto(f"{stockroom.facebook}/people/{ASTRID}")
    page.get_by_role("button", name="Ask for deletion").click()
    page.get_by_role("link", name=f"{stockroom.url}/facebook/deletion").click()
    picture(page, "facebook-deleted")
    assert page.get_by_role("heading", level=1).inner_text() == "Your data was deleted"
    contents = stockroom.contents()
    assert not [key for key, body in contents.items() if "/tokens/" in key or ASTRID.encode() in key.encode() + body]
    assert stockroom.object(f"facebook/{CAFE}/freshness.json")["access"] == "lost"


def test_no_token_of_either_provider_lies_open_anywhere(start: "Start") -> None:
    """In the bucket, the logs, whatever the gateway keeps, the answers, and the addresses that Facebook saw."""
    stockroom = start()
    answers = [stockroom.log_in("leak-shop"), *map(stockroom.log_in_with_facebook, (ASTRID, CARMEN, FARID, GRETA))]
    assert [answer.status_code for answer in answers] == [200] * 5
    requests.post(f"{stockroom.facebook}/_sandbox/people/{GRETA}/remove", timeout=30)
    given = [one["value"] for one in stockroom.facebooks("tokens?reveal=1") if one["kind"] != "OTHER_APP"]
    given += stockroom.revealed_tokens("leak-shop")
    assert len(given) > 20
    state = {file: file.read_bytes() for file in (stockroom.log.parent / ".local").rglob("*") if file.is_file()}
    sandboxes_own = b"".join(state.pop(stockroom.log.parent / ".local" / name) for name in SANDBOXES_OWN)
    everything = {
        **stockroom.contents(),
        **{str(file): content for file, content in state.items()},
        **{f"answer {number}": answer.content for number, answer in enumerate(answers)},
        "log": stockroom.log.read_bytes(),
    }
    leaks = [(name, value[:12]) for name, body in everything.items() for value in given if value.encode() in body]
    assert leaks == []
    assert len([value for value in given if value.encode() in sandboxes_own]) > 20  # so they would have been found
    seen = [one for one in stockroom.facebooks("requests") if "token_in_address" in one]
    assert seen
    assert not any(one["token_in_address"] or one["token_in_form"] for one in seen)
