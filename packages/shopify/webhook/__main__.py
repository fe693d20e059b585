from stockroom import http
from stockroom.shopify import webhook


def main(event: dict, context: object) -> dict:
    return http.serve(event, context, webhook.handle, "POST")
