import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom import http
from stockroom.shopify import snapshots
from stockroom.shopify.catalog import Catalog
from stockroom.shopify.snapshots import SECTIONS, document, first_part, part
from stockroom.space import Space
from tests.unit.admin_api import NOW, SHOP

NOTE = {"message": "Too much.", "link": "https://a.example"}


def catalog(products: int = 1, codes: int = 1, automatic: int = 1, collections: int = 1) -> Catalog:
    def nodes(kind: str, count: int) -> list[dict[str, Any]]:
        return [{"id": f"{kind}{number}"} for number in range(count)]

    return Catalog(
        shop={"name": "Acme"},
        products=[{**node, "variants": {"nodes": [{}, {}]}} for node in nodes("p", products)],
        code_discounts=nodes("c", codes),
        automatic_discounts=nodes("a", automatic),
        collections=nodes("k", collections),
        expected={"ignored": 1},
    )


def stored(space: Space, key: str) -> dict[str, Any]:
    found = space.read(key)
    assert found is not None
    content: dict[str, Any] = json.loads(found.body)
    return content


def test_document_is_what_the_contract_says() -> None:
    whole = document(catalog(2, 0, 1, 1), "2026-10", {"readAt": "now"})
    assert whole == {
        "data": {
            "shop": {"name": "Acme"},
            "products": {"nodes": [{"id": f"p{n}", "variants": {"nodes": [{}, {}]}} for n in range(2)]},
            "codeDiscountNodes": {"nodes": []},
            "automaticDiscountNodes": {"nodes": [{"id": "a0"}]},
            "collections": {"nodes": [{"id": "k0"}]},
            "extensions": {
                "apiVersion": "2026-10",
                "counts": {
                    "products": 2,
                    "variants": 4,
                    "codeDiscounts": 0,
                    "automaticDiscounts": 1,
                    "collections": 1,
                },
                "readAt": "now",
            },
        }
    }


def test_published_snapshot_and_its_record_lie_in_the_shops_folder(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "now", lambda: NOW + 5)
    found = catalog()
    published = snapshots.publish(space, SHOP, found, "2026-10", NOW, "doubtful")
    assert published.changed
    assert stored(space, f"{SHOP}/shopify_data.json") == document(found, "2026-10", published.stamp.document())
    record = stored(space, f"{SHOP}/freshness.json")
    assert (record["checkedAt"], record["doubt"], record["counts"]) == (
        "2027-01-15T08:00:05.000Z",
        "doubtful",
        found.counts,
    )
    assert not snapshots.publish(space, SHOP, catalog(), "2026-10", NOW + 60, None).changed
    assert snapshots.publish(space, SHOP, catalog(2), "2026-10", NOW + 60, None).changed


def test_reading_that_was_overtaken_leaves_the_record_of_the_later_one(space: Space) -> None:
    snapshots.publish(space, SHOP, catalog(2), "2026-10", NOW + 60, None)
    before = stored(space, f"{SHOP}/freshness.json")
    assert snapshots.publish(space, SHOP, catalog(1), "2026-10", NOW, "doubtful").overtaken
    assert stored(space, f"{SHOP}/freshness.json") == before


def test_snapshot_that_fits_is_given_whole() -> None:
    whole = document(catalog(), "2026-10", {})
    assert first_part(whole, NOTE, lambda _: True) is whole


counts = st.integers(0, 40)


@given(counts, counts, counts, counts, st.integers(0, 41))
def test_as_many_of_each_are_given_as_fit(
    products: int, codes: int, automatic: int, collections: int, most: int
) -> None:
    whole = document(catalog(products, codes, automatic, collections), "2026-10", {})
    longest = max(products, codes, automatic, collections)

    def fits(data: dict[str, Any]) -> bool:
        return max(len(data["data"][section]["nodes"]) for section in SECTIONS) <= most

    given_part = first_part(whole, NOTE, fits)
    assert fits(given_part)
    assert given_part == (whole if longest <= most else part(whole, most, NOTE))


def test_search_for_what_fits_takes_few_looks() -> None:
    whole = document(catalog(5000), "2026-10", {})
    looks: list[int] = []

    def fits(data: dict[str, Any]) -> bool:
        looks.append(len(data["data"]["products"]["nodes"]))
        return looks[-1] <= 1234

    assert len(first_part(whole, NOTE, fits)["data"]["products"]["nodes"]) == 1234
    assert len(looks) < 20


def test_part_says_that_it_is_one_and_how_much_it_shows() -> None:
    whole = document(catalog(5, 1, 0, 3), "2026-10", {"readAt": "now"})
    shown = part(whole, 2, NOTE)["data"]
    assert [len(shown[section]["nodes"]) for section in SECTIONS] == [2, 1, 0, 2]
    assert shown["shop"] == {"name": "Acme"}
    assert shown["extensions"] == {
        **whole["data"]["extensions"],
        "part": {
            **NOTE,
            "shown": {"products": 2, "codeDiscountNodes": 1, "automaticDiscountNodes": 0, "collections": 2},
        },
    }


def test_part_leaves_the_whole_as_it_is() -> None:
    whole = document(catalog(5), "2026-10", {})
    before = json.dumps(whole)
    first_part(whole, NOTE, lambda _: False)
    assert json.dumps(whole) == before


def test_when_nothing_else_fits_the_shop_alone_is_shown() -> None:
    whole = document(catalog(3, 3, 3, 3), "2026-10", {})
    first = first_part(whole, {}, lambda given: not any(given["data"][name]["nodes"] for name in SECTIONS))
    assert first["data"]["shop"] == {"name": "Acme"}
    assert all(first["data"][name]["nodes"] == [] for name in SECTIONS)


def test_shop_that_is_too_long_by_itself_is_left_out_too() -> None:
    whole = document(catalog(3, 3, 3, 3), "2026-10", {})
    first = first_part(whole, {"link": "l"}, lambda given: not given["data"]["shop"])
    assert first["data"]["shop"] == {}
    assert first["data"]["extensions"]["part"]["link"] == "l"
    assert first["data"]["extensions"]["counts"]["products"] == 3
