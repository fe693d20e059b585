"""What the sandbox's shops sell: built in, imported from an export, generated."""

from pathlib import Path

import pytest

from local.sandbox.builtin import coffee
from local.sandbox.catalog import Catalog, Product, plain_text
from local.sandbox.catalogs import catalog_of
from local.sandbox.csv_columns import CatalogError
from local.sandbox.generate import generated

SHOP = "acme.myshopify.com"
OLD = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Variant Barcode,Image Src,Image Alt Text,Variant Image,Variant Weight Unit"
)
ROWS = '''shirt,"Shirt ""Nord""","<p>Soft,
warm &amp; grey</p>",Acme,Shirts,"wool, grey",true,Size,S,SH-S,454,shopify,3,deny,20.00,25.5,'0012345,https://x/1.jpg,Front,https://x/s.jpg,lb
shirt,,,,,,,,M,SH-M,500,shopify,-1,continue,21,,,https://x/2.jpg,Back,,
shirt,,,,,,,,,,,,,,,,,https://x/3.jpg,,,
mug,Mug,,Acme,Cups,,false,Title,Default Title,,,,,deny,7.5,,,,,,
'''


def imported(tmp_path: Path, text: str, encoding: str = "utf-8") -> Catalog:
    file = tmp_path / "export.csv"
    file.write_bytes(text.encode(encoding))
    return catalog_of(SHOP, str(file))


def test_built_in_shop_has_one_of_everything_that_is_hard() -> None:
    shop = coffee(SHOP)
    products = shop.products
    assert {product.status for product in products} == {"ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED"}
    assert {media.kind for p in products for media in p.media} == {"MediaImage", "Video", "ExternalVideo", "Model3d"}
    assert len(shop.locations) > 1
    assert any(product.is_gift_card for product in products)
    assert any(product.compare_at_prices for product in products)
    assert any(not variant.tracked for variant in shop.variants)
    assert any(variant.inventory_policy == "CONTINUE" and variant.inventory_quantity < 1 for variant in shop.variants)
    assert any(variant.metafields for variant in shop.variants)
    assert any(len(product.option_names) > 1 for product in products)
    assert any(product.has_only_default_variant for product in products)
    assert any("日本" in product.tags for product in products)
    assert {collection.smart for collection in shop.collections} == {True, False}
    assert any(not collection.products for collection in shop.collections)
    assert max(len(discount.codes) for discount in shop.discounts) == 300
    assert len({discount.type for discount in shop.discounts}) == 8
    assert shop.metafields


def test_no_two_records_share_an_id_within_a_shop_or_between_shops() -> None:
    one, two = coffee(SHOP), coffee("other.myshopify.com")
    everything = [*one.products, *one.variants, *one.collections, *one.discounts, *one.locations]
    assert len({record.number for record in everything}) == len(everything)
    assert not one.by_id.keys() & two.by_id.keys()


def test_lists_stand_in_the_order_of_their_ids() -> None:
    for shop in (coffee(SHOP), generated(SHOP, 50)):
        for records in (shop.products, shop.variants, shop.collections, shop.discounts, shop.locations):
            numbers = [record.number for record in records]
            assert numbers == sorted(numbers)


def test_an_export_becomes_products_variants_and_images(tmp_path: Path) -> None:
    shirt, mug = imported(tmp_path, f"{OLD}\n{ROWS}").products
    assert (shirt.title, shirt.vendor, shirt.product_type) == ('Shirt "Nord"', "Acme", "Shirts")
    assert plain_text(shirt.description_html) == "Soft, warm & grey"
    assert shirt.tags == ("grey", "wool")
    assert [variant.values for variant in shirt.variants] == [("S",), ("M",)]
    assert [media.image.url[-5:] for media in shirt.media] == ["1.jpg", "s.jpg", "2.jpg", "3.jpg"]
    assert (mug.published_at, mug.has_only_default_variant, mug.media) == (None, True, [])


def test_an_exports_variant_keeps_all_its_columns(tmp_path: Path) -> None:
    small, medium = imported(tmp_path, f"{OLD}\n{ROWS}").products[0].variants
    assert (small.price, small.compare_at_price, small.sku, small.barcode) == ("20.00", "25.50", "SH-S", "0012345")
    assert (small.inventory_quantity, small.inventory_policy, small.tracked) == (3, "DENY", True)
    assert (small.weight, small.weight_unit) == (1.0009, "POUNDS")
    assert [media.image.url for media in small.media] == ["https://x/s.jpg"]
    assert (medium.inventory_quantity, medium.inventory_policy, medium.price) == (-1, "CONTINUE", "21.00")
    assert medium.available_for_sale


def test_newer_column_names_are_read_as_well(tmp_path: Path) -> None:
    heading = (
        "Title,URL handle,Description,Product category,Type,Status,Published on online store,SKU,"
        "Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,"
        "Continue selling when out of stock,Weight value (grams),Requires shipping,Product image URL,"
        "Gift card,Fabric (product.metafields.custom.fabric)"
    )
    row = "Tee,tee,<p>Fine</p>,Apparel > Shirts,Shirts,Draft,TRUE,T-1,Size,M,10.00,12.00,shopify,4,CONTINUE,200,FALSE,https://x/t.jpg,FALSE,Linen"
    product = imported(tmp_path, f"{heading}\n{row}\n").products[0]
    variant = product.variants[0]
    assert (product.status, product.published_at, product.category_name) == ("DRAFT", None, "Apparel > Shirts")
    assert (variant.sku, variant.compare_at_price, variant.weight, variant.requires_shipping) == (
        "T-1",
        "12.00",
        200,
        False,
    )
    assert (variant.inventory_policy, variant.inventory_quantity) == ("CONTINUE", 4)
    assert [(field.namespace, field.key, field.value) for field in product.metafields] == [
        ("custom", "fabric", "Linen")
    ]


def test_a_byte_order_mark_windows_line_ends_and_few_columns_are_fine(tmp_path: Path) -> None:
    shop = imported(tmp_path, "Handle,Title,Variant Price\r\ncafé,Café Crème,9.00\r\n", "utf-8-sig")
    assert [product.title for product in shop.products] == ["Café Crème"]
    assert shop.products[0].variants[0].values == ("Default Title",)
    assert not shop.products[0].variants[0].tracked


def test_an_import_has_discounts_and_a_collection_for_each_type(tmp_path: Path) -> None:
    shop = imported(tmp_path, f"{OLD}\n{ROWS}")
    assert [(one.title, len(one.products)) for one in shop.collections] == [
        ("All products", 2),
        ("Cups", 1),
        ("Shirts", 1),
    ]
    assert len(shop.discounts) == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "export.csv: empty, it has not even a heading"),
        ("Handle,Title,Variant Price\n", "export.csv: no product in it"),
        ("Name,Price\nx,1\n", "export.csv, row 1: no column handle or url handle"),
        (
            "Handle,Title,Variant Price\na,A,1.00\nb,B,cheap\n",
            "row 3, column Variant Price: 'cheap' is not a price",
        ),
        ("Handle,Title,Variant Price,Price\na,A,1,2\n", "row 1, column 4: 'Price' is there twice"),
        ("Handle,Title,Variant Price\n,A,1.00\n", "row 2, column Handle: '' is not the name"),
        ("Handle,Title,Variant Price\na,,1.00\n", "row 2, column Title: '' is not a title"),
        ("Handle,Title,Variant Price\na,A,\n", "row 2, column Variant Price: '' is not a price"),
        ("Handle,Title,Variant Price\na,A,1.00,more\n", "row 2, column 4: 'more' stands under no heading"),
        ('Handle,Title,Variant Price\na,"A,1.00\n', "row 2: not a table of comma-separated values"),
        ("Handle,Title,Variant Price,Status\na,A,1,sold\n", "column Status: 'sold' is not one of active"),
        ("Handle,Title,Variant Price,Published\na,A,1,maybe\n", "'maybe' is not true or false"),
        ("Handle,Title,Variant Price,Variant Inventory Qty\na,A,1,lots\n", "'lots' is not a whole number"),
        ("Handle,Title,Variant Price,Variant Weight Unit\na,A,1,st\n", "'st' is not one of g, kg, lb, oz"),
        (
            "Handle,Title,Variant Price,Option1 Name,Option1 Value,Option2 Name,Option2 Value\na,A,1,Size,M,Color,\n",
            "column Option2 Value: '' is not a value for Color",
        ),
    ],
)
def test_a_malformed_export_is_told_by_file_row_and_column(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogError) as told:
        imported(tmp_path, text)
    assert said in str(told.value)
    assert str(told.value).startswith("export.csv")


def test_text_in_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="not UTF-8"):
        imported(tmp_path, "Handle,Title,Variant Price\na,Café,1\n", "latin-1")


@pytest.mark.parametrize("word", ["generate:0", "generate:-1", "generate:many", "generate:2000000", "nowhere.csv", ""])
def test_a_word_that_names_no_catalogue_is_told(word: str) -> None:
    with pytest.raises(CatalogError, match="no such catalogue"):
        catalog_of(SHOP, word)


def test_a_generated_catalogue_is_the_same_at_every_run() -> None:
    def told(shop: Catalog) -> list[tuple[object, ...]]:
        return [(p.title, p.handle, p.tags, p.prices, [v.stock for v in p.variants]) for p in shop.products]

    assert told(generated(SHOP, 40)) == told(generated(SHOP, 40))


def test_generated_products_have_one_to_six_variants() -> None:
    sizes = {len(product.variants) for product in generated(SHOP, 300).products}
    assert sizes == {1, 2, 3, 4, 5, 6}


def test_a_big_generated_catalogue_has_the_widest_product_and_a_collection_of_all() -> None:
    shop = generated(SHOP, 1000)
    assert max(len(product.variants) for product in shop.products) == 2048
    assert len(shop.collections[0].products) == 1000
    assert len({product.handle for product in shop.products}) == 1000
    assert {len(values(product)) for product in shop.products} == {0}


def values(product: Product) -> list[tuple[str, ...]]:
    """The option values that more than one variant of a product has."""
    seen = [variant.values for variant in product.variants]
    return [one for one in set(seen) if seen.count(one) > 1] if len(seen) < 100 else []
