from stockroom import http
from stockroom.facebook import login


def main(event: dict, context: object) -> dict:
    return http.serve(event, context, login.handle, "GET")
