from stockroom import http
from stockroom.shopify import sync


def main(event: dict, context: object) -> dict:
    return http.work(event, context, sync.run)
