from stockroom import http
from stockroom.facebook import webhook


def main(event: dict, context: object) -> dict:
    return http.serve(event, context, webhook.handle, "GET", "POST")
