"""How the fields of the schema are answered from a catalogue.

Most need nothing: a record's attribute of the same name (`compareAtPrice` is `compare_at_price`) is the answer. Those
that take arguments, page through a list or need an access scope are registered here by the modules beside this one.
"""

from local.sandbox.resolvers import collections, discounts, inventory, products, root, shop, webhooks
from local.sandbox.resolvers.registry import RESOLVERS, Context, attribute, type_of

__all__ = [
    "RESOLVERS",
    "Context",
    "attribute",
    "collections",
    "discounts",
    "inventory",
    "products",
    "root",
    "shop",
    "type_of",
    "webhooks",
]
