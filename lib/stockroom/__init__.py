"""Stockroom: a shop's and a Page's data, complete and seconds old, in a Spaces bucket.

What both providers need lies here; what only Shopify needs lies in `shopify/`. The README's map says which rule lives
where.
"""
