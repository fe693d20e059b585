"""Discounts of all eight types, in the shape the schema gives them, over whatever products a catalogue has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from local.sandbox.catalog import Collection, Discount, Metafield, Product, RedeemCode
from local.sandbox.numbers import Numbers, gid

Answer = dict[str, object]
BORN = "2026-01-05T08:00:00Z"
CHANGED = "2026-10-02T14:20:00Z"
CODES = 300
"""How many codes the influencers' discount has: more than fit on one page of 250."""


@dataclass(frozen=True)
class Samples:
    """What the sample discounts are about."""

    numbers: Numbers
    currency: str
    products: Sequence[Product]
    collections: Sequence[Collection]

    def money(self, amount: str) -> Answer:
        return {"amount": amount, "currencyCode": self.currency}


def sample_discounts(samples: Samples) -> list[Discount]:
    """Every type of discount once, one of them with 300 codes, one that has ended, one that is yet to come."""
    return sorted([*_code_discounts(samples), *_automatic_discounts(samples)], key=lambda discount: discount.number)


def _code_discounts(samples: Samples) -> Iterator[Discount]:
    tenth = {"__typename": "DiscountPercentage", "percentage": 0.1}
    fiver = {"__typename": "DiscountAmount", "amount": samples.money("5.0"), "appliesOnEachItem": False}
    welcome = _gets(tenth, {"__typename": "AllDiscountItems", "allItems": True})
    yield _code(samples, "DiscountCodeBasic", "WELCOME10", {"minimumRequirement": None, "customerGets": welcome})
    friends: Answer = {"minimumRequirement": _subtotal(samples), "customerGets": _gets(fiver, _collections(samples))}
    yield _code(samples, "DiscountCodeBasic", "FRIENDS", friends | {"usageLimit": 1}, codes=CODES)
    yield _code(samples, "DiscountCodeBxgy", "TRIO", _buy_two_get_one(samples))
    yield _code(samples, "DiscountCodeFreeShipping", "SHIPFREE", _shipping(samples) | _for_members(samples))
    app: Answer = {"appDiscountType": _app_type(), "discountId": gid("DiscountCodeNode", samples.numbers())}
    yield _code(samples, "DiscountCodeApp", "LOYALTY", app | _subscriptions())
    ended: Answer = {
        "minimumRequirement": {"__typename": "DiscountMinimumQuantity", "greaterThanOrEqualToQuantity": "2"}
    }
    ended |= {"customerGets": _gets(tenth, _products(samples)), "status": "EXPIRED", "endsAt": "2026-03-01T00:00:00Z"}
    yield _code(samples, "DiscountCodeBasic", "FRÜHLING", ended)


def _automatic_discounts(samples: Samples) -> Iterator[Discount]:
    tenth = {"__typename": "DiscountPercentage", "percentage": 0.15}
    basic: Answer = {"minimumRequirement": _subtotal(samples), "customerGets": _gets(tenth, _products(samples))}
    yield _automatic(samples, "DiscountAutomaticBasic", "15% off our favourites", basic)
    bxgy = _spend_and_get_one(samples) | {"id": gid("DiscountAutomaticNode", samples.numbers())}
    yield _automatic(samples, "DiscountAutomaticBxgy", "Spend 60, get one", bxgy)
    free = _shipping(samples) | {"destinationSelection": {"__typename": "DiscountCountryAll", "allCountries": True}}
    yield _automatic(samples, "DiscountAutomaticFreeShipping", "Free delivery", free)
    app: Answer = {"appDiscountType": _app_type(), "discountId": gid("DiscountAutomaticNode", samples.numbers())}
    coming: Answer = {"status": "SCHEDULED", "startsAt": "2026-12-24T00:00:00Z"}
    yield _automatic(samples, "DiscountAutomaticApp", "Volume discount ☕", app | coming | _subscriptions())


def _code(samples: Samples, kind: str, title: str, own: Answer, codes: int = 1) -> Discount:
    number = samples.numbers()
    names = [title] if codes == 1 else [f"{title}-{index:04}" for index in range(1, codes + 1)]
    redeem = [RedeemCode(samples.numbers(), name, index % 7) for index, name in enumerate(names)]
    usage: Answer = {"usageLimit": None, "appliesOncePerCustomer": True}
    once: Answer = {"hasTimelineComment": False, "recurringCycleLimit": None}
    answer = _common(kind, title) | usage | once | {"totalSales": samples.money("0.0"), "shareableUrls": []} | own
    return Discount(number, kind, answer, redeem, (_metafield(samples),))


def _automatic(samples: Samples, kind: str, title: str, own: Answer) -> Discount:
    extras: Answer = {"recurringCycleLimit": 1, "usageCount": 12, "hasTimelineComment": False}
    answer = _common(kind, title) | extras | {"totalSales": samples.money("0.0")} | own
    return Discount(samples.numbers(), kind, answer, [])


def _common(kind: str, title: str) -> Answer:
    summary = f"{title} • For everyone"
    everyone = {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}
    text: Answer = {"__typename": kind, "title": title, "summary": summary, "shortSummary": title, "tags": []}
    dates: Answer = {"startsAt": BORN, "endsAt": None, "createdAt": BORN, "updatedAt": CHANGED}
    combines = {"orderDiscounts": False, "productDiscounts": True, "shippingDiscounts": True}
    kind_of = "SHIPPING" if "Shipping" in kind else "PRODUCT"
    classes: Answer = {"discountClass": kind_of, "discountClasses": [kind_of], "asyncUsageCount": 12}
    whom: Answer = {"context": everyone, "combinesWith": combines | {"productDiscountsWithTagsOnSameCartLine": None}}
    return text | dates | classes | whom | {"status": "ACTIVE"}


def _subscriptions() -> Answer:
    return {"appliesOnOneTimePurchase": True, "appliesOnSubscription": False}


def _for_members(samples: Samples) -> Answer:
    """Only for a segment of the customers: not for a chatbot to give away."""
    number = samples.numbers()
    dates = {"creationDate": BORN, "lastEditDate": CHANGED}
    segment = {"id": gid("Segment", number), "name": "Members", "query": "customer_tags CONTAINS 'member'"} | dates
    return {"context": {"__typename": "DiscountCustomerSegments", "segments": [segment]}}


def _shipping(samples: Samples) -> Answer:
    near = {"__typename": "DiscountCountries", "countries": ["DE", "AT", "CH"], "includeRestOfWorld": False}
    what: Answer = {"minimumRequirement": _subtotal(samples), "maximumShippingPrice": samples.money("12.0")}
    return what | {"destinationSelection": near} | _subscriptions()


def _buy_two_get_one(samples: Samples) -> Answer:
    return _bxgy(samples, {"__typename": "DiscountQuantity", "quantity": "2"})


def _spend_and_get_one(samples: Samples) -> Answer:
    return _bxgy(samples, {"__typename": "DiscountPurchaseAmount", "amount": "60.0"})


def _bxgy(samples: Samples, earned_with: Answer) -> Answer:
    free = {"__typename": "DiscountPercentage", "percentage": 1.0}
    one: Answer = {"__typename": "DiscountOnQuantity", "quantity": {"quantity": "1"}, "effect": free}
    buys = {"value": earned_with, "items": _collections(samples), "isOneTimePurchase": True, "isSubscription": False}
    return {"customerBuys": buys, "customerGets": _gets(one, _variants(samples)), "usesPerOrderLimit": 1}


def _gets(value: Answer, items: Answer) -> Answer:
    return {"value": value, "items": items} | _subscriptions()


def _subtotal(samples: Samples) -> Answer:
    return {"__typename": "DiscountMinimumSubtotal", "greaterThanOrEqualToSubtotal": samples.money("30.0")}


def _products(samples: Samples) -> Answer:
    return {"__typename": "DiscountProducts", "products": list(samples.products[:3]), "productVariants": []}


def _variants(samples: Samples) -> Answer:
    variants = [product.variants[0] for product in samples.products[:2]]
    return {"__typename": "DiscountProducts", "products": [], "productVariants": variants}


def _collections(samples: Samples) -> Answer:
    return {"__typename": "DiscountCollections", "collections": list(samples.collections[:2])}


def _app_type() -> Answer:
    ours: Answer = {
        "title": "Points",
        "description": "Points for every order",
        "appKey": "f00d",
        "targetType": "LINE_ITEM",
    }
    classes: Answer = {"discountClass": "PRODUCT", "discountClasses": ["PRODUCT"]}
    return ours | classes | {"functionId": "0197a2d4-5c1e-7b3a-9f60-3f1d5a2b7c11"}


def _metafield(samples: Samples) -> Metafield:
    return Metafield(samples.numbers(), "custom", "campaign", "single_line_text_field", "Herbst 2026")
