import re

import pytest

from stockroom.shopify import queries


def test_operations_are_the_files_in_the_folder() -> None:
    assert {"Products", "ProductVariants", "Shop", "Subscribe"} < set(queries.names())
    assert queries.names() == sorted(queries.names())
    assert "Product" not in queries.names()  # a fragment


@pytest.mark.parametrize("name", queries.names())
def test_operation_brings_every_fragment_that_it_needs_once(name: str) -> None:
    text = queries.operation(name)
    needed = set(re.findall(r"\.\.\.(?!\s*on\b)\s*(\w+)", text))
    brought = re.findall(r"^fragment (\w+) on", text, re.MULTILINE)
    assert sorted(brought) == sorted(needed)
    assert re.findall(r"^(?:query|mutation) (\w+)", text, re.MULTILINE) == [name]


def test_fragments_of_fragments_come_along() -> None:
    assert "fragment InventoryLevelPage" in queries.operation("Products")


@pytest.mark.parametrize("name", queries.names())
def test_shopify_is_spared_comments_and_indentation(name: str) -> None:
    text = queries.operation(name)
    assert "#" not in text
    assert "\n\n" not in text
    assert not re.search(r"^\s|\s$", text, re.MULTILINE)


def test_unknown_operation_is_no_empty_query() -> None:
    with pytest.raises(FileNotFoundError):
        queries.operation("NoSuchOperation")
