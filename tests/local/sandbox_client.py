"""A merchant and an app in one, for tests that speak to a sandbox of their own."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from local.sandbox.app import create_app
from local.sandbox.clock import Clock
from local.sandbox.settings import Settings

SHOP = "acme.myshopify.com"
REDIRECT = "http://localhost:7000/shopify/callback"
SCOPES = "read_products,read_inventory,read_locations,read_discounts"
# The project's operations and fragments as they lie in their files: what the sandbox is there to answer.
FILES = sorted((Path(__file__).parents[2] / "lib" / "stockroom" / "shopify" / "graphql").rglob("*.graphql"))
OPERATIONS = "\n".join(file.read_text("utf-8") for file in FILES)
KEY, SECRET = "the-key", "the-secret"


class Sandbox:
    """One sandbox in this process; its time is `now`, which passes only when a test says so."""

    def __init__(self, catalog: str = "builtin", plan: str = "enterprise", state: Path | None = None) -> None:
        self.now = 1_800_000_000.0
        settings = Settings(KEY, SECRET, REDIRECT, catalog=catalog, plan=plan, state=state)
        self.app = create_app(settings, Clock(lambda: self.now))
        self.web: Any = self.app.test_client()
        self.token = ""

    def consent(self, shop: str = SHOP, decision: str | None = None, granted: Any = None, **changed: str) -> Any:
        """Open the consent page or, with a decision, press a button on it."""
        asked = {"client_id": KEY, "scope": SCOPES, "redirect_uri": REDIRECT, "state": "nonce"} | changed
        address = f"/{shop}/admin/oauth/authorize?{urlencode(asked)}"
        if decision is None:
            return self.web.get(address)
        return self.web.post(address, data={"decision": decision, "grant": granted or asked["scope"].split(",")})

    def code(self, shop: str = SHOP, **changed: str) -> str:
        return query_of(self.consent(shop, "install", **changed).headers["Location"])["code"]

    def ask_token(self, shop: str = SHOP, **sent: str) -> Any:
        fields = {"client_id": KEY, "client_secret": SECRET} | sent
        return self.web.post(f"/{shop}/admin/oauth/access_token", data=fields)

    def refresh(self, token: str, shop: str = SHOP) -> Any:
        return self.ask_token(shop, grant_type="refresh_token", refresh_token=token)

    def log_in(self, shop: str = SHOP, scope: str = SCOPES) -> dict[str, Any]:
        """A whole login; from then on queries carry its token."""
        reply: dict[str, Any] = self.ask_token(shop, code=self.code(shop, scope=scope), expiring="1").json
        self.token = reply["access_token"]
        return reply

    def post(self, query: str, shop: str = SHOP, version: str = "2026-10", **variables: Any) -> Any:
        return self.web.post(
            f"/{shop}/admin/api/{version}/graphql.json",
            headers={"X-Shopify-Access-Token": self.token},
            json={"query": query, "variables": variables},
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """The whole answer to a query."""
        return self.post(query, **variables).json

    def data(self, query: str, **variables: Any) -> Any:
        """The data of an answer that must have no errors."""
        answer = self.ask(query, **variables)
        assert "errors" not in answer, json.dumps(answer["errors"][:3], indent=1)
        return answer["data"]

    def run(self, operation: str, **variables: Any) -> Any:
        """The whole answer to one of the project's own operations; page sizes left out are 20, choices true."""
        sent = {"query": OPERATIONS, "operationName": operation, "variables": needed(operation) | variables}
        headers = {"X-Shopify-Access-Token": self.token}
        return self.web.post(f"/{SHOP}/admin/api/2026-10/graphql.json", headers=headers, json=sent).json

    def walk(self, operation: str, **variables: Any) -> list[Any]:
        """The nodes of every page of an operation whose top field is called `page`."""
        nodes: list[Any] = []
        info: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while info["hasNextPage"]:
            answer = self.run(operation, after=info["endCursor"], **variables)
            assert "errors" not in answer, json.dumps(answer["errors"][:3], indent=1)
            nodes, info = nodes + answer["data"]["page"]["nodes"], answer["data"]["page"]["pageInfo"]
        return nodes

    def state(self, shop: str = SHOP, *, reveal: bool = False) -> Any:
        return self.web.get(f"/_sandbox/shops/{shop}{'?reveal=1' if reveal else ''}").json

    def fault(self, **rule: Any) -> None:
        added = self.web.post("/_sandbox/faults", json=[rule])
        assert added.status_code == 200, added.text


def logged_in(catalog: str = "builtin", scope: str = SCOPES, plan: str = "enterprise") -> Sandbox:
    sandbox = Sandbox(catalog, plan)
    sandbox.log_in(scope=scope)
    return sandbox


@cache
def needed(operation: str) -> dict[str, Any]:
    """A value for each variable that an operation cannot do without."""
    usual = {"Int!": 20, "Boolean!": True}
    declared = re.search(rf"(?:query|mutation) {operation}\(([^)]*)\)", OPERATIONS)
    found = re.findall(r"\$(\w+): (\w+!)", declared[1]) if declared else []
    return {name: usual[kind] for name, kind in found if kind in usual}


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
