"""As much of Shopify as the functions talk to, behind `responses`: a shop's data, a token endpoint, an Admin API."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import responses

from tests.functions.environment import API_KEY, API_SECRET, SHOP, VERSION

ALL_SCOPES = "read_products,read_inventory,read_locations,read_discounts"
HTTP = tuple[int, dict[str, str], str | bytes]
Node = dict[str, Any]

_OPERATION = re.compile(r"(?:query|mutation)\s+(\w+)")
_COST = {
    "requestedQueryCost": 10,
    "actualQueryCost": 8,
    "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 1990, "restoreRate": 100},
}


class ShopifyStub:
    """One shop. A test changes its attributes, or `fails` with an answer in the place of an operation's own."""

    def __init__(self, web: responses.RequestsMock) -> None:
        self.shop: Node = {"id": gid("Shop", 1), "name": "Käse & Söhne 🧀", "metafields": listing([])}
        self.products = [product(number) for number in range(1, 4)]
        self.discounts = [discount("DiscountCodeBasic", 1, ["SAVE10"]), discount("DiscountAutomaticBasic", 2, None)]
        self.collections = [collection(1, [1, 2])]
        self.subscriptions: list[Node] = []
        self.scope = ALL_SCOPES
        self.secret = API_SECRET
        self.fails: dict[str, HTTP | Exception] = {}
        self.before: Callable[[str], None] = lambda _: None
        """Called with the name of each operation, or `token`."""
        self.asked: list[str] = []
        self.codes_used: set[str] = set()
        self.issued: list[str] = []
        """Every token handed out, secret all of them."""
        web.add_callback(responses.POST, f"https://{SHOP}/admin/oauth/access_token", self._token)
        web.add_callback(responses.POST, f"https://{SHOP}/admin/api/{VERSION}/graphql.json", self._graphql)

    @property
    def access_token(self) -> str:
        """The one that is good at present."""
        return self.issued[-2]

    def _token(self, request: Any) -> HTTP:
        form = dict(parse_qsl(request.body))
        assert form.pop("expiring") == "1"
        code = form.pop("code")
        failure = self._start("token")
        if failure:
            return failure
        if form != {"client_id": API_KEY, "client_secret": self.secret}:
            return reply({"error": "invalid_client"}, 400)
        if code in self.codes_used:
            return reply({"error": "invalid_request", "error_description": "The code was used already."}, 400)
        self.codes_used.add(code)
        number = len(self.issued)
        self.issued += [f"shpat_{number:032x}", f"shprt_{number:032x}"]
        access, refresh = self.issued[-2:]
        pair = {"access_token": access, "refresh_token": refresh, "expires_in": 3600, "scope": self.scope}
        return reply({**pair, "refresh_token_expires_in": 7776000})

    def _graphql(self, request: Any) -> HTTP:
        content = json.loads(request.body)
        name = _OPERATION.search(content["query"])
        assert name
        failure = self._start(name[1])
        if failure:
            return failure
        if request.headers["X-Shopify-Access-Token"] != self.access_token:
            return reply({"errors": "[API] Invalid API key or access token"}, 401)
        return reply({"data": self._data(name[1], content["variables"]), "extensions": {"cost": _COST}})

    def _start(self, name: str) -> HTTP | None:
        self.asked.append(name)
        self.before(name)
        failure = self.fails.get(name)
        if isinstance(failure, Exception):
            raise failure
        return failure

    def _data(self, name: str, variables: Node) -> Node:
        lists = {
            "Products": self.products,
            "Discounts": self.discounts,
            "Collections": self.collections,
            "Subscriptions": self.subscriptions,
        }
        if name in lists:
            return {"page": page([served(node, variables) for node in lists[name]], variables)}
        answers: dict[str, Callable[[Node], Node]] = {
            "Counts": self._counts,
            "Shop": lambda _: {"shop": self.shop},
            "ProductVariants": self._variants,
            "Subscribe": self._subscribe,
        }
        return answers[name](variables)

    def _counts(self, _: Node) -> Node:
        automatic = sum(node["discount"]["__typename"].startswith("DiscountAutomatic") for node in self.discounts)
        numbers = {
            "productsCount": len(self.products),
            "productVariantsCount": sum(len(node["variants"]) for node in self.products),
            "codeDiscountNodesCount": len(self.discounts) - automatic,
            "automaticDiscountNodesCount": automatic,
            "collectionsCount": len(self.collections),
            "locationsCount": 1,
        }
        return {name: {"count": number, "precision": "EXACT"} for name, number in numbers.items()}

    def _variants(self, variables: Node) -> Node:
        owner = next(node for node in self.products if node["id"] == variables["id"])
        return {"owner": {"variants": page(owner["variants"], variables)}}

    def _subscribe(self, variables: Node) -> Node:
        number = len(self.subscriptions) + 1
        made = {"id": gid("WebhookSubscription", number), "topic": variables["topic"], **variables["subscription"]}
        self.subscriptions.append({**made, "filter": None, "includeFields": []})
        return {"result": {"webhookSubscription": made, "userErrors": []}}


class WebPlaces:
    """The addresses of our own that the functions call: the public webhook and the platform's API."""

    def __init__(self, web: responses.RequestsMock, address: str, deliver: Callable[[Any], HTTP], wake: str) -> None:
        self.deliver = deliver
        """What the webhook's public address does with a request."""
        self.wake_status = 202
        self.deliveries: list[Any] = []
        self.wakes: list[Any] = []
        web.add_callback(responses.POST, address, self._delivery)
        web.add_callback(responses.POST, wake, self._wake)

    def _delivery(self, request: Any) -> HTTP:
        self.deliveries.append(request)
        return self.deliver(request)

    def _wake(self, request: Any) -> HTTP:
        self.wakes.append(request)
        assert urlsplit(request.url).query == "blocking=false"
        return reply({"activationId": "0123456789abcdef"}, self.wake_status, {"location": "https://evil.org/"})


def reply(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> HTTP:
    return (
        status,
        {"content-type": "application/json", "X-Shopify-API-Version": VERSION, **(headers or {})},
        json.dumps(content),
    )


def graphql_errors(code: str, data: Node | None = None) -> HTTP:
    return reply({"data": data, "errors": [{"message": f"It is {code}.", "extensions": {"code": code}}]})


def page(nodes: list[Node], variables: Node) -> Node:
    """A page of a list, whose cursors are positions."""
    start = int(variables["after"] or 0)
    end = start + variables["first"]
    return {"nodes": nodes[start:end], "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)}}


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def listing(nodes: list[Node]) -> Node:
    """A short list inside an object."""
    return page(nodes, {"after": None, "first": 25})


def served(node: Node, variables: Node) -> Node:
    """An object as an answer holds it: of a product no more variants than were asked for."""
    if "variants" not in node:
        return dict(node)
    return {**node, "variants": page(node["variants"], {"after": None, "first": variables["nested"]})}


def product(number: int, variants: int = 2, description: str = "") -> Node:
    return {
        "id": gid("Product", number),
        "title": f"Product {number}",
        "description": description,
        "variants": [variant(number, position) for position in range(variants)],
        "media": listing([]),
        "metafields": listing([]),
    }


def variant(owner: int, position: int) -> Node:
    number = owner * 10_000 + position
    return {
        "id": gid("ProductVariant", number),
        "price": "9.90",
        "inventoryItem": {"id": gid("InventoryItem", number), "inventoryLevels": listing([])},
        "media": listing([]),
        "metafields": listing([]),
    }


def discount(kind: str, number: int, codes: list[str] | None) -> Node:
    found: Node = {"__typename": kind, "title": f"Discount {number}"}
    if codes is not None:
        found["codes"] = listing([{"id": gid("DiscountRedeemCode", number), "code": code} for code in codes])
    return {"id": gid("DiscountNode", number), "discount": found}


def collection(number: int, products: list[int]) -> Node:
    members = listing([{"id": gid("Product", member)} for member in products])
    return {"id": gid("Collection", number), "title": "Cheese", "products": members, "metafields": listing([])}
