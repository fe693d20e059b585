import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import responses

from stockroom.errors import OwnerError, ProviderBusy, ProviderError
from stockroom.shopify import catalog
from stockroom.shopify.catalog import Catalog
from tests.unit.admin_api import URL, admin, errors
from tests.unit.paged_shop import Listing, Node, PagedShop, whole


def ids(kind: str, count: int) -> list[Node]:
    return [{"id": f"{kind}-{number}"} for number in range(count)]


def variant(name: str, *, levels: int = 1, media: int = 0, metafields: int = 0) -> Node:
    return {
        "id": name,
        "inventoryItem": {"id": f"item-{name}", "inventoryLevels": Listing(ids(f"level-{name}", levels), "levels")},
        "media": Listing(ids(f"image-{name}", media), "deep"),
        "metafields": Listing(ids(f"field-{name}", metafields), "deep"),
    }


def product(name: str, variants: list[Node] | None = None, *, media: int = 0, metafields: int = 0) -> Node:
    return {
        "id": name,
        "variants": Listing([variant(f"{name}-v")] if variants is None else variants),
        "media": Listing(ids(f"image-{name}", media)),
        "metafields": Listing(ids(f"field-{name}", metafields)),
    }


def collection(name: str, products: int, metafields: int = 0) -> Node:
    return {
        "id": name,
        "products": Listing(ids("p", products), "items"),
        "metafields": Listing(ids(f"field-{name}", metafields)),
    }


def discount(name: str, kind: str = "DiscountCodeBasic", codes: int | None = 1, **sides: Any) -> Node:
    lists = {} if codes is None else {"codes": Listing(ids(f"code-{name}", codes), "items")}
    items = {side: {"value": {}, "items": chosen} for side, chosen in sides.items()}
    return {"id": name, "discount": {"__typename": kind, **lists, **items}}


def chosen(kind: str, products: int = 0, variants: int = 0) -> Node:
    return {
        "__typename": "DiscountProducts",
        "products": Listing(ids(f"{kind}-p", products), "items"),
        "productVariants": Listing(ids(f"{kind}-v", variants), "items"),
    }


@pytest.fixture
def read(web: responses.RequestsMock) -> Callable[[PagedShop], Catalog]:
    def reading(shop: PagedShop) -> Catalog:
        web.add_callback(responses.POST, URL, callback=shop)
        found = Catalog()
        catalog.read(admin(), found)
        return found

    return reading


Read = Callable[[PagedShop], Catalog]
MEDIA = catalog.Nested(("media",), "ProductMedia")


def complete(found: Catalog, shop: PagedShop) -> bool:
    codes = [node for node in shop.discounts if "Code" in node["discount"]["__typename"]]
    automatic = [node for node in shop.discounts if "Code" not in node["discount"]["__typename"]]
    return found.data() == {
        "shop": whole(shop.shop),
        "products": {"nodes": whole(shop.products)},
        "codeDiscountNodes": {"nodes": whole(codes)},
        "automaticDiscountNodes": {"nodes": whole(automatic)},
        "collections": {"nodes": whole(shop.collections)},
    }


def test_empty_shop_is_read_in_five_queries(read: Read) -> None:
    shop = PagedShop()
    found = read(shop)
    assert complete(found, shop)
    assert [name for name, _ in shop.calls] == ["Counts", "Shop", "Discounts", "Collections", "Products"]
    assert set(found.counts.values()) == {0}


def test_product_with_2048_variants_is_read_whole(read: Read) -> None:
    shop = PagedShop(products=[product("big", [variant(f"v{n}") for n in range(2048)]), product("small")])
    found = read(shop)
    assert complete(found, shop)
    assert found.counts["variants"] == 2049
    assert found.counts == found.expected


def test_discount_with_300_codes_is_read_whole(read: Read) -> None:
    shop = PagedShop(discounts=[discount("d", codes=300), discount("e", codes=25), discount("f", codes=26)])
    found = read(shop)
    assert complete(found, shop)
    assert len(found.code_discounts[0]["discount"]["codes"]["nodes"]) == 300


def test_collection_of_5000_products_is_read_whole(read: Read) -> None:
    shop = PagedShop(collections=[collection("k", 5000, metafields=30), collection("empty", 0)])
    found = read(shop)
    assert complete(found, shop)
    assert len(shop.calls) < 40


def test_more_of_everything_than_a_page_holds_is_read_whole(read: Read) -> None:
    shop = PagedShop(
        shop={"id": "shop", "name": "Acme", "metafields": Listing(ids("field", 600))},
        products=[product(f"p{n}", media=n, metafields=3 * n) for n in range(45)],
        discounts=[discount(f"d{n}") for n in range(70)],
        collections=[collection(f"k{n}", products=n) for n in range(70)],
    )
    found = read(shop)
    assert complete(found, shop)
    assert found.counts == {
        "products": 45,
        "variants": 45,
        "codeDiscounts": 70,
        "automaticDiscounts": 0,
        "collections": 70,
    }


def test_lists_inside_the_further_pages_of_a_list_are_followed_too(read: Read) -> None:
    variants = [variant(f"v{n}") for n in range(300)]
    for number in (0, 24, 25, 299):  # on the product's own page, and on further ones
        variants[number] = variant(f"v{number}", levels=12, media=6, metafields=7)
    shop = PagedShop(products=[product("p", variants)])
    assert complete(read(shop), shop)
    asked = [name for name, _ in shop.calls]
    assert [asked.count(name) for name in ("InventoryLevels", "VariantMedia", "Metafields")] == [4, 4, 4]


def test_pages_that_cost_too_much_are_read_in_smaller_ones(web: responses.RequestsMock) -> None:
    shop = PagedShop(
        products=[product(f"p{n}", [variant(f"v{n}-{m}", levels=3) for m in range(40)], media=4) for n in range(6)],
        collections=[collection("k", 70)],
    )

    def costly(request: Any) -> Any:
        asked = json.loads(request.body)["variables"]
        cost = math.prod(number for number in asked.values() if isinstance(number, int))
        return errors("MAX_COST_EXCEEDED") if cost > 30 else shop(request)

    web.add_callback(responses.POST, URL, callback=costly)
    found = Catalog()
    reader = catalog.Reader(admin(), 3)
    found.products.extend(reader.all("Products", catalog._PRODUCT, "nested", "deep", "levels"))
    found.collections.extend(reader.all("Collections", catalog._COLLECTION, "nested", "items"))
    assert found.products == whole(shop.products)
    assert found.collections == whole(shop.collections)


def test_lists_that_are_often_longer_than_shown_are_shown_longer(read: Read) -> None:
    shop = PagedShop(products=[product(f"p{n}", [variant(f"v{n}", metafields=7)]) for n in range(400)])
    assert complete(read(shop), shop)
    shown = [variables["deep"] for name, variables in shop.calls if name == "Products"]
    assert shown == sorted(shown)
    assert shown[-1] >= 7
    assert [name for name, _ in shop.calls].count("Metafields") < 400


@pytest.mark.parametrize("locations", [0, 1000])
def test_any_number_of_locations_makes_a_query_that_shopify_takes(locations: int, read: Read) -> None:
    shop = PagedShop(products=[product("p", [variant("v", levels=min(locations, 30))])], locations=locations)
    assert complete(read(shop), shop)
    levels = [variables["levels"] for name, variables in shop.calls if name == "Products"]
    assert 1 <= levels[0] <= 20


def test_stock_of_all_locations_comes_with_its_variant(read: Read) -> None:
    shop = PagedShop(products=[product("p", [variant("v", levels=12)])], locations=12)
    assert complete(read(shop), shop)
    assert "InventoryLevels" not in [name for name, _ in shop.calls]


def test_inventory_is_followed_by_its_item_and_not_by_the_variant(read: Read) -> None:
    shop = PagedShop(products=[product("p", [variant("v", levels=300)])])
    assert complete(read(shop), shop)
    assert [variables["id"] for name, variables in shop.calls if name == "InventoryLevels"] == ["item-v", "item-v"]


def test_both_sides_of_a_discount_are_followed_each_to_its_own_end(read: Read) -> None:
    collections = {"__typename": "DiscountCollections", "collections": Listing(ids("k", 280), "items")}
    shop = PagedShop(
        discounts=[
            discount(
                "d",
                "DiscountCodeBxgy",
                300,
                customerGets=chosen("gets", products=290, variants=31),
                customerBuys=chosen("buys", products=27, variants=310),
            ),
            discount("e", "DiscountAutomaticBasic", None, customerGets=collections),
            discount("f", "DiscountAutomaticBxgy", None, customerGets=chosen("g"), customerBuys=collections),
        ]
    )
    assert complete(read(shop), shop)


def test_discount_without_codes_or_items_is_left_as_it_is(read: Read) -> None:
    everything = {"__typename": "AllDiscountItems", "allItems": True}
    shop = PagedShop(
        discounts=[
            discount("app", "DiscountAutomaticApp", None),
            discount("free", "DiscountCodeFreeShipping", 1),
            discount("all", "DiscountAutomaticBasic", None, customerGets=everything),
        ]
    )
    found = read(shop)
    assert complete(found, shop)
    assert [node["id"] for node in found.automatic_discounts] == ["app", "all"]
    assert [node["id"] for node in found.code_discounts] == ["free"]


def test_variant_without_an_inventory_item_is_no_obstacle(read: Read) -> None:
    shop = PagedShop(products=[product("p", [{**variant("v"), "inventoryItem": None}])])
    assert complete(read(shop), shop)


def test_no_page_information_is_left_in_the_data(read: Read) -> None:
    shop = PagedShop(products=[product("p", media=300)], discounts=[discount("d")], collections=[collection("k", 9)])
    assert "pageInfo" not in str(read(shop).data())


@pytest.mark.parametrize(
    "shop",
    [
        PagedShop(products=[product("p", media=30)], gone={"p"}),
        PagedShop(products=[product("p", [variant("v", levels=9)])], gone={"item-v"}),
        PagedShop(discounts=[discount("d", codes=300)], gone={"d"}),
        PagedShop(collections=[collection("k", 300)], gone={"k"}),
    ],
)
def test_what_vanishes_while_it_is_read_asks_for_another_reading(shop: PagedShop, read: Read) -> None:
    with pytest.raises(ProviderBusy, match="was deleted from the shop while it was read") as caught:
        read(shop)
    assert caught.value.wait == 1


def test_what_was_read_before_a_failure_is_whole_in_itself(web: responses.RequestsMock) -> None:
    shop = PagedShop(
        products=[product(f"p{n}", media=30) for n in range(5)],
        discounts=[discount("d", codes=300)],
        collections=[collection("k", 300)],
        gone={"p3"},
    )
    web.add_callback(responses.POST, URL, callback=shop)
    found = Catalog()
    with pytest.raises(ProviderBusy):
        catalog.read(admin(), found)
    shop.products = shop.products[:3]
    assert complete(found, shop)
    assert found.expected["products"] == 5


@pytest.mark.parametrize("owner", [{}, {"variants": None}])
def test_owner_without_the_list_counts_as_vanished(owner: Node, web: responses.RequestsMock) -> None:
    web.post(URL, json={"data": {"owner": owner}})
    node = {"id": "p", "variants": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "c"}}}
    with pytest.raises(ProviderBusy, match="was deleted"):
        catalog.Reader(admin(), 1).completed(node, (catalog.Nested(("variants",), "ProductVariants"),))


def test_list_that_goes_on_from_nowhere_is_refused() -> None:
    node = {"id": "p", "media": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}}
    with pytest.raises(ProviderError, match="goes on, but not where"):
        catalog.Reader(admin(), 1).completed(node, (MEDIA,))


def test_list_that_stands_still_is_refused(web: responses.RequestsMock) -> None:
    connection = {"nodes": [{"id": "x"}], "pageInfo": {"hasNextPage": True, "endCursor": "c"}}
    web.post(URL, json={"data": {"owner": {"media": connection}}})
    with pytest.raises(ProviderError, match="goes on, but not where"):
        catalog.Reader(admin(), 1).completed({"id": "p", "media": {**connection}}, (MEDIA,))


def test_denied_part_fails_the_reading_and_is_no_empty_list(web: responses.RequestsMock) -> None:
    shop = PagedShop(products=[product("p")])

    def denied(request: Any) -> Any:
        return errors("ACCESS_DENIED") if "query Discounts" in request.body.decode() else shop(request)

    web.add_callback(responses.POST, URL, callback=denied)
    with pytest.raises(OwnerError):
        catalog.read(admin(), Catalog())


def doubt_after(change: Callable[[PagedShop], None], read: Read) -> str | None:
    """What is doubted when the shop changes after its reading."""
    shop = PagedShop(products=[product("p"), product("q")], discounts=[discount("d")])
    found = read(shop)
    change(shop)
    return catalog.doubt(admin(), found)


def test_nothing_is_doubted_when_the_count_before_fits(read: Read) -> None:
    assert doubt_after(lambda shop: shop.products.clear(), read) is None


def test_shop_is_not_counted_again_when_the_count_before_fits(read: Read) -> None:
    shop = PagedShop(products=[product("p")])
    catalog.doubt(admin(), read(shop))
    assert [name for name, _ in shop.calls].count("Counts") == 1


def test_count_after_the_reading_settles_what_changed_while_it_ran(read: Read) -> None:
    shop = PagedShop(products=[product("p")])
    found = read(shop)
    found.expected = {**found.expected, "products": 7}
    assert catalog.doubt(admin(), found) is None


def test_reading_that_fits_neither_count_is_doubted_with_the_numbers(read: Read) -> None:
    shop = PagedShop(products=[product("p"), product("q")], collections=[collection("k", 0)])
    found = read(shop)
    found.expected = {**found.expected, "products": 7}
    shop.products.append(product("r", []))
    shop.collections.clear()
    assert catalog.doubt(admin(), found) == (
        "2 products were read, Shopify counts 3; 1 collections were read, Shopify counts 0"
    )
