from stockroom import http
from stockroom.facebook import deletion


def main(event: dict, context: object) -> dict:
    return http.serve(event, context, deletion.handle, "GET", "POST")
