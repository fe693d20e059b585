"""Addresses, events, responses: the platform's rules, without a server."""

import io
from typing import Any

import pytest

from local.gateway.answer import Answer, NoAnswerError, answer
from local.gateway.event import WebRequest, event
from local.gateway.routes import Invocation, Lookup, Nothing, Route, StartPage, WebCall, route, short
from local.gateway.terminal import Line, Terminal, wants_colour


class TestRoutes:
    @pytest.mark.parametrize(
        ("path", "target"),
        [
            ("/", StartPage()),
            ("/shopify/acme/login", WebCall("shopify", "login", "/acme")),
            ("/shopify/acme/login/", WebCall("shopify", "login", "/acme")),
            ("/shopify/login", WebCall("shopify", "login", "")),
            ("/shopify/login/acme", WebCall("shopify", "login", "/acme")),
            ("/shopify/callback/login", WebCall("shopify", "login", "/callback")),
            ("/facebook/login", WebCall("facebook", "login", "")),
            ("/shopify/webhook/a%2Fb/c", WebCall("shopify", "webhook", "/a%2Fb/c")),
            ("/api/v1/web/fn-1/shopify/login/acme", WebCall("shopify", "login", "/acme")),
            ("/api/v1/web/fn-1/shopify/callback", WebCall("shopify", "callback", "")),
            ("/api/v1/web/fn-1/shopify/acme/login", WebCall("shopify", "acme", "/login")),
            ("/api/v1/web/fn-1/shopify/call%62ack/", WebCall("shopify", "callback", "/")),
            ("/api/v1/namespaces/_/actions/shopify/sync", Invocation("shopify", "sync")),
            ("/api/v1/namespaces/fn-1/activations/0a1b", Lookup("0a1b", "")),
            ("/api/v1/namespaces/_/activations/0a1b/logs", Lookup("0a1b", "logs")),
            ("/api/v1/web/fn-1/shopify", Nothing()),
            ("/api/v1/triggers", Nothing()),
            ("/favicon.ico", Nothing()),
            ("//", Nothing()),
        ],
    )
    def test_an_address_means_what_it_means_on_the_platform_or_in_the_contract(self, path: str, target: Route) -> None:
        assert route(path) == target

    def test_the_platforms_prefix_is_left_out_where_a_person_reads(self) -> None:
        assert short("/api/v1/web/fn-1/shopify/login/acme") == "/shopify/login/acme"
        assert short("/shopify/callback") == "/shopify/callback"


def request(method: str = "POST", **fields: Any) -> WebRequest:
    defaults = {"path": "/a%20b", "query": "", "headers": (), "body": b"", "client": "192.0.2.7"}
    return WebRequest(method, **{**defaults, **fields})


def typed(content_type: str, body: bytes, **fields: Any) -> WebRequest:
    return request(headers=(("Content-Type", content_type),), body=body, **fields)


class TestRawEvent:
    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/problem+json",
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/xml",
            "x-unknown/type; charset=utf-8",
        ],
    )
    def test_text_arrives_as_it_was_sent(self, content_type: str) -> None:
        http = event(typed(content_type, ' {"a":  "é"} '.encode()), "raw")["http"]
        assert (http["body"], http["isBase64Encoded"]) == (' {"a":  "é"} ', False)

    @pytest.mark.parametrize(
        "content_type", ["application/octet-stream", "image/svg+xml", "multipart/form-data", "x/y"]
    )
    def test_anything_else_arrives_as_base64(self, content_type: str) -> None:
        http = event(typed(content_type, b"\x00\xff"), "raw")["http"]
        assert (http["body"], http["isBase64Encoded"]) == ("AP8=", True)

    def test_a_body_without_a_type_is_binary_and_no_body_is_an_empty_string(self) -> None:
        assert event(request(body=b"x"), "raw")["http"]["isBase64Encoded"] is True
        http = event(request(), "raw")["http"]
        assert (http["body"], http["isBase64Encoded"]) == ("", False)

    def test_path_and_query_stay_encoded_and_nothing_is_merged(self) -> None:
        result = event(request(query="shop=a%20b&shop=c+d", method="GET"), "raw")
        assert list(result) == ["http"]
        assert (result["http"]["path"], result["http"]["queryString"]) == ("/a%20b", "shop=a%20b&shop=c+d")
        assert result["http"]["method"] == "GET"

    def test_header_names_are_lower_case_and_repeated_ones_joined(self) -> None:
        headers = (("X-A", "1"), ("x-a", "2"), ("Host", "localhost:5000"), ("X-Forwarded-For", "198.51.100.1"))
        assert event(request(headers=headers), "raw")["http"]["headers"] == {
            "x-a": "1, 2",
            "host": "ccontroller",
            "x-forwarded-for": "198.51.100.1, 192.0.2.7",
        }


class TestParsedEvent:
    def test_body_wins_over_query_and_the_last_of_repeated_keys_wins(self) -> None:
        form = "application/x-www-form-urlencoded"
        result = event(typed(form, b"b=form&c=", query="a=1&a=2&b=query"), True)
        assert {key: result[key] for key in "abc"} == {"a": "2", "b": "form", "c": ""}
        assert sorted(result["http"]) == ["headers", "method", "path"]

    def test_json_keeps_its_types(self) -> None:
        assert event(typed("application/json", b'{"n": 1}'), True)["n"] == 1

    @pytest.mark.parametrize(
        ("kind", "body"), [("application/json", b"[1]"), ("application/json", b"{"), ("text/plain", b"a=1")]
    )
    def test_what_is_no_object_cannot_be_merged(self, kind: str, body: bytes) -> None:
        assert list(event(typed(kind, body), True)) == ["http"]


class TestAnswer:
    @pytest.mark.parametrize(
        ("result", "expected"),
        [
            ({}, Answer(204)),
            ({"body": None}, Answer(204)),
            ({"body": ""}, Answer(200)),
            ({"statusCode": "201", "headers": {"content-type": "text/plain"}}, Answer(201)),
            ({"body": "hi"}, Answer(200, (("content-type", "text/html; charset=UTF-8"),), b"hi")),
            ({"body": {"a": "é"}}, Answer(200, (("content-type", "application/json"),), '{"a": "é"}'.encode())),
            ({"body": [1]}, Answer(200, (("content-type", "application/json"),), b"[1]")),
            ({"statusCode": 303, "headers": {"location": "/x"}}, Answer(303, (("location", "/x"),))),
            (
                {"statusCode": 200, "headers": {"Set-Cookie": ["a=1", "b=2"], "x": 1, "y": True}},
                Answer(200, (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("x", "1"), ("y", "true"))),
            ),
            (
                {"headers": {"Content-Type": "text/plain; charset=utf-8"}, "body": "é"},
                Answer(200, (("content-type", "text/plain; charset=utf-8"),), "é".encode()),
            ),
            (
                {"headers": {"content-type": "image/png"}, "body": "AP8="},
                Answer(200, (("content-type", "image/png"),), b"\x00\xff"),
            ),
            (
                {"headers": {"content-type": "application/json; charset=utf-8"}, "body": {"a": 1}},
                Answer(200, (("content-type", "application/json; charset=utf-8"),), b'{"a": 1}'),
            ),
            (
                {"error": {"statusCode": 418, "body": "tea"}},
                Answer(418, (("content-type", "text/html; charset=UTF-8"),), b"tea"),
            ),
        ],
    )
    def test_a_result_becomes_the_response_of_the_platform(self, result: dict[str, Any], expected: Answer) -> None:
        assert answer(result) == expected

    def test_json_as_a_string_is_taken_for_base64_where_it_looks_like_it(self) -> None:
        headers = {"content-type": "application/json"}
        assert answer({"headers": headers, "body": "true"}).body == b"\xb6\xbb\x9e"
        assert answer({"headers": headers, "body": '{"a": 1}'}).body == b'{"a": 1}'

    @pytest.mark.parametrize(
        ("result", "hint"),
        [
            ({"error": "boom"}, "under another key"),
            ({"error": {"reason": "x"}}, "under another key"),
            ({"headers": {"content-type": "text/html"}, "body": {"a": 1}}, "the content type is text/html"),
            ({"headers": {"content-type": "image/png"}, "body": "not base64!"}, "must be a base64 string"),
            ({"statusCode": "soon"}, "statusCode must be a number"),
            ({"statusCode": 99}, "statusCode must be a number"),
            ({"statusCode": True}, "statusCode must be a number"),
            ({"headers": ["a"]}, "headers must be a dictionary"),
            ({"headers": {"x": {"a": 1}}}, "header x must be a string"),
            ({"headers": {"x": "a\r\nset-cookie: b"}}, "header x must be a string in one line"),
        ],
    )
    def test_what_the_platform_answers_with_400_says_what_to_return(self, result: dict[str, Any], hint: str) -> None:
        with pytest.raises(NoAnswerError) as caught:
            answer(result)
        assert hint in caught.value.hint


class TestTerminal:
    def test_one_line_for_a_request(self) -> None:
        stream = io.StringIO()
        Terminal(stream).request(Line("GET", "/shopify/acme/login", 303, 12, "shopify/login", warm=True))
        assert stream.getvalue() == "GET     303     12 ms  /shopify/acme/login  shopify/login warm\n"

    def test_a_path_cannot_steer_the_terminal(self) -> None:
        stream = io.StringIO()
        Terminal(stream).request(Line("GET", "/\x1b[2J\rx", 404, 1))
        assert stream.getvalue() == "GET     404      1 ms  /?[2J?x\n"

    @pytest.mark.parametrize(
        ("tty", "environment", "coloured"), [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False)]
    )
    def test_colour_is_for_people_who_want_it(self, tty: bool, environment: dict[str, str], coloured: bool) -> None:
        stream = io.StringIO()
        stream.isatty = lambda: tty  # type: ignore[method-assign]
        assert wants_colour(stream, environment) is coloured
        Terminal(stream, colour=coloured).request(Line("GET", "/", 500, 1))
        assert ("\x1b[31m500" in stream.getvalue()) is coloured
