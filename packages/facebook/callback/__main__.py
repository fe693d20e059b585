from stockroom import http
from stockroom.facebook import callback


def main(event: dict, context: object) -> dict:
    return http.serve(event, context, callback.handle, "GET")
