"""Everything that only Shopify needs."""
