"""Discounts, under `discountNodes` as under the older names."""

from collections.abc import Callable, Mapping, Sequence

from local.sandbox.catalog import Discount, RedeemCode
from local.sandbox.connections import Numbered, Order, Page
from local.sandbox.resolvers.registry import RESOLVERS, Info, connection, count, resolves

CODE_TYPES = ("DiscountCodeBasic", "DiscountCodeBxgy", "DiscountCodeFreeShipping", "DiscountCodeApp")
CODES: Order[RedeemCode] = Order("ID", lambda code: code.number)
ITEMS: Order[Numbered] = Order("ID", lambda item: item.number)


@resolves("DiscountNode.discount", "DiscountCodeNode.codeDiscount", "DiscountAutomaticNode.automaticDiscount")
def discount(node: Discount, _info: Info) -> Mapping[str, object]:
    return {**node.answer, "codes": node.codes}


@resolves(*(f"{kind}.codes" for kind in CODE_TYPES))
def codes(source: Mapping[str, list[RedeemCode]], info: Info, **arguments: object) -> Page[RedeemCode]:
    return connection(source["codes"], info, arguments, CODES)


@resolves(*(f"{kind}.codesCount" for kind in CODE_TYPES))
def codes_count(source: Mapping[str, list[RedeemCode]], _info: Info) -> dict[str, object]:
    return count(len(source["codes"]))


def _items(name: str) -> Callable[..., Page[Numbered]]:
    def resolve(source: Mapping[str, Sequence[Numbered]], info: Info, **arguments: object) -> Page[Numbered]:
        return connection(source[name], info, arguments, ITEMS)

    return resolve


RESOLVERS |= {
    ("DiscountProducts", "products"): _items("products"),
    ("DiscountProducts", "productVariants"): _items("productVariants"),
    ("DiscountCollections", "collections"): _items("collections"),
}
