from stockroom import http
from stockroom.facebook import deauthorize


def main(event: dict, context: object) -> dict:
    return http.serve(event, context, deauthorize.handle, "POST")
