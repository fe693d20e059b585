"""From a login to the shop's data in the bucket, through every real part but Shopify itself."""

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.system.conftest import Start, Stockroom

SNAPSHOT = "{}.myshopify.com/shopify_data.json"
PICTURES = Path("test-results")


def connect_in(browser: "BrowserContext", stockroom: "Stockroom", shop: str, button: str = "Install") -> "Page":
    """What the owner does: name the shop, read the consent page, decide."""
    page = browser.new_page()
    page.goto(stockroom.url)
    page.get_by_label("Shop name").fill(shop)
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name=button).wait_for()
    picture(page, "consent")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{stockroom.url}/shopify/callback*")
    return page


def picture(page: "Page", name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def test_owner_connects_a_shop_in_a_browser(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    page = connect_in(browser, stockroom, "browser-shop")
    picture(page, "result")
    assert page.get_by_role("heading", level=1).inner_text() == "browser-shop.myshopify.com is connected"
    assert page.locator(".badge").all_inner_texts() == ["success"] * 3
    shown = json.loads(page.locator("pre").inner_text())
    assert shown["shopify_data"] == stockroom.object(SNAPSHOT.format("browser-shop"))
    assert "•" in shown["token_data"]["access_token"]
    assert {cookie["httpOnly"] for cookie in browser.cookies()} == {True}


def test_page_loads_and_runs_nothing_from_anywhere(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    asked: list[str] = []
    complaints: list[str] = []
    browser.on("request", lambda request: asked.append(request.url.partition("?")[0]))
    browser.on("console", lambda message: complaints.append(message.text))
    connect_in(browser, stockroom, "quiet-shop").wait_for_load_state("networkidle")
    own = ("http://localhost:", "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_owner_who_cancels_is_told_so_and_nothing_is_kept(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    before = stockroom.contents().keys()
    page = connect_in(browser, stockroom, "cancelled-shop", "Cancel")
    picture(page, "cancelled")
    assert "cancelled" in page.locator("main").inner_text()
    again = page.get_by_role("link", name="Log in again").get_attribute("href")
    assert again == f"{stockroom.url}/shopify/login"
    assert "cancelled-shop" not in str(stockroom.contents().keys() - before)


def test_back_button_after_a_login_does_not_log_in_again(browser: "BrowserContext", stockroom: "Stockroom") -> None:
    page = connect_in(browser, stockroom, "reloaded-shop")
    page.reload()
    assert "This login has been completed already" in page.locator("main").inner_text()


def test_program_gets_the_json_that_lies_in_the_bucket(stockroom: "Stockroom") -> None:
    answer = stockroom.log_in("program-shop")
    assert answer.status_code == 200
    content = answer.json()
    assert content["shopify_data"] == stockroom.object(SNAPSHOT.format("program-shop"))
    parts = ("webhook_test", "polling_test", "upload_status_result")
    assert {content[part]["status"] for part in parts} == {"success"}
    assert list(content["shopify_data"]["data"]) == [
        "shop",
        "products",
        "codeDiscountNodes",
        "automaticDiscountNodes",
        "collections",
        "extensions",
    ]


def test_every_code_of_the_built_in_shops_discounts_is_there(stockroom: "Stockroom") -> None:
    data = stockroom.log_in("codes-shop").json()["shopify_data"]["data"]
    codes = [len(node["discount"]["codes"]["nodes"]) for node in data["codeDiscountNodes"]["nodes"]]
    assert max(codes) == 300
    for node in data["codeDiscountNodes"]["nodes"]:
        assert len(node["discount"]["codes"]["nodes"]) == node["discount"]["codesCount"]["count"]


def test_second_login_with_unchanged_data_uploads_nothing_and_says_so(stockroom: "Stockroom") -> None:
    first = stockroom.log_in("twice-shop").json()
    key = SNAPSHOT.format("twice-shop")
    written = stockroom.bucket().head_object(Bucket="stockroom", Key=key)["LastModified"]
    second = stockroom.log_in("twice-shop").json()
    assert second["upload_status_result"] == {"status": "success", "message": "No upload needed: Data unchanged"}
    assert second["shopify_data"] == first["shopify_data"]
    assert stockroom.bucket().head_object(Bucket="stockroom", Key=key)["LastModified"] == written
    assert "No upload needed: Data unchanged" in stockroom.log.read_text()


def test_no_token_lies_open_anywhere(stockroom: "Stockroom") -> None:
    answer = stockroom.log_in("secret-shop")
    tokens = stockroom.revealed_tokens("secret-shop")
    assert len(tokens) == 2
    everything = {**stockroom.contents(), "the log": stockroom.log.read_bytes(), "the answer": answer.content}
    leaks = [name for name, content in everything.items() for token in tokens if token.encode() in content]
    assert leaks == []


def test_owner_who_grants_less_is_told_what_is_missing(stockroom: "Stockroom") -> None:
    answer = stockroom.log_in("mean-shop", grant=("read_products", "read_inventory", "read_locations"))
    assert answer.status_code == 403
    assert "read_discounts" in answer.json()["message"]
    assert not [key for key in stockroom.contents() if "mean-shop" in key]


def test_code_that_shopify_refuses_leaves_nothing_behind(stockroom: "Stockroom") -> None:
    stockroom.fault(where="token", kind="500", times=1, shop="broken-shop.myshopify.com")
    answer = stockroom.log_in("broken-shop")
    assert answer.status_code == 502
    assert not [key for key in stockroom.contents() if "broken-shop" in key]


def test_event_from_a_stranger_is_refused_by_the_running_function(stockroom: "Stockroom") -> None:
    before = stockroom.contents().keys()
    answer = requests.post(f"{stockroom.url}/shopify/webhook", data=b"{}", timeout=30)
    assert answer.status_code == 401
    assert stockroom.contents().keys() == before


def test_export_of_a_real_shop_is_read_to_its_last_variant(start: "Start") -> None:
    export = Path(__file__).with_name("export.csv")
    with export.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stockroom = start("--catalog", str(export))
    data = stockroom.log_in().json()["shopify_data"]["data"]
    products = data["products"]["nodes"]
    assert {product["handle"] for product in products} == {row["Handle"] for row in rows}
    priced = [row["Variant Price"] for row in rows if row["Variant Price"]]
    prices = [variant["price"] for product in products for variant in product["variants"]["nodes"]]
    assert sorted(map(float, prices)) == sorted(map(float, priced))
    assert data == stockroom.object(SNAPSHOT.format("acme"))["data"]


def test_shop_that_takes_too_long_for_one_call_is_finished_by_the_sync(start: "Start") -> None:
    stockroom = start()
    stockroom.fault(where="graphql", kind="throttled", operation="Products", times=7)
    answer = stockroom.log_in("slow-shop").json()
    key = SNAPSHOT.format("slow-shop")
    assert answer["upload_status_result"]["status"] == "pending"
    assert answer["shopify_data"]["data"]["extensions"]["counts"]["products"] > 0
    assert key not in stockroom.contents()  # never half a snapshot
    stockroom.wait_for(lambda: key in stockroom.contents())
    data = stockroom.object(key)["data"]
    assert len(data["products"]["nodes"]) == data["extensions"]["counts"]["products"]
    assert stockroom.object("slow-shop.myshopify.com/freshness.json")["complete"] is True


def test_thousand_products_with_the_longest_lists_are_read_to_their_ends(start: "Start") -> None:
    stockroom = start("--catalog", "generate:1000", "--plan", "enterprise")
    answer = stockroom.log_in().json()
    assert answer["upload_status_result"]["status"] == "success"
    assert len(json.dumps(answer)) < 1_000_000
    data = stockroom.object(SNAPSHOT.format("acme"))["data"]
    products = data["products"]["nodes"]
    assert len(products) == 1000
    assert max(len(product["variants"]["nodes"]) for product in products) == 2048
    assert max(len(collection["products"]["nodes"]) for collection in data["collections"]["nodes"]) == 1000
    assert max(len(node["discount"]["codes"]["nodes"]) for node in data["codeDiscountNodes"]["nodes"]) == 300


def test_ready_line_names_the_address(stockroom: "Stockroom") -> None:
    assert re.search(r"<title>.*Stockroom", requests.get(stockroom.url, timeout=30).text)
