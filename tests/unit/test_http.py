import base64
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom import http, page
from stockroom.errors import CallerError, Conflict, LoginNeeded, OwnerError, ProviderBusy
from stockroom.http import Request, Response
from stockroom.signing import verify_facebook_webhook
from tests.unit.facebook_vectors import ESCAPED


@dataclass
class Context:
    function_name: str = "/ns/shopify/login"
    activation_id: str = "a1"
    deadline: int = 1_800_000_000_500
    api_host: str = "https://faas.example"
    namespace: str = "ns"


def event(**changes: Any) -> dict[str, Any]:
    return {"http": {"method": "GET", "path": "", "queryString": "", "headers": {}, "body": "", **changes}}


def request(**changes: Any) -> Request:
    return Request.from_event(event(**changes), Context())


def served(handler: http.Handler, *methods: str, **changes: Any) -> dict[str, Any]:
    return http.serve(event(**changes), Context(), handler, *methods)


def raising(error: Exception) -> http.Handler:
    def handler(_: Request) -> Response:
        raise error

    return handler


def test_event_becomes_request() -> None:
    got = request(method="post", path="/acme", queryString="a=1&b=&a=%C3%A9+x", headers={"X-Y": "Z"}, body="hé")
    assert got == Request(
        method="POST",
        path="/acme",
        query=(("a", "1"), ("b", ""), ("a", "é x")),
        headers={"x-y": "Z"},
        body="hé".encode(),
        deadline=1_800_000_000.5,
        api_host="https://faas.example",
    )


def test_event_without_optional_parts_is_an_empty_request() -> None:
    got = Request.from_event({"http": {"path": None, "queryString": None, "headers": None, "body": None}}, Context())
    assert (got.method, got.path, got.query, dict(got.headers), got.body) == ("GET", "", (), {}, b"")


@given(st.binary())
def test_base64_body_is_given_back_byte_for_byte(body: bytes) -> None:
    assert request(body=base64.b64encode(body).decode(), isBase64Encoded=True).body == body


@given(st.text())
def test_text_body_is_utf8_even_with_lone_surrogates(body: str) -> None:
    assert request(body=body).body.decode("utf-8", "surrogatepass") == body


GATEWAY_BODY = (
    "eyJvYmplY3QiOiJwYWdlIiwiZW50cnkiOlt7ImlkIjoiMSIsInRpbWUiOjEsImNoYW5nZXMiOlt7ImZpZWxkIjoiZGVzY3JpcHRpb24iLCJ2YWx1"
    "ZSI6Ilx1MDBlNFx1MDBmNlx1MDBlNSBcdTI3NjQifV19XX0="
)


@pytest.mark.parametrize("sent", [{"body": GATEWAY_BODY, "isBase64Encoded": True}, {"body": ESCAPED.decode()}])
def test_facebooks_escaped_body_arrives_as_it_was_signed(sent: dict[str, Any]) -> None:
    given_header = "sha256=19ed31076c1bd4786f1dd37d14b657280d42260e98260821aa99548f11e42f65"
    assert verify_facebook_webhook(request(**sent).body, given_header, ["app-secret"])


@pytest.mark.parametrize("body", ["not base64!", "YQ=", "é", "YW J j"])
def test_body_wrongly_marked_as_base64_is_refused(body: str) -> None:
    with pytest.raises(CallerError, match="base64"):
        request(body=body, isBase64Encoded=True)


def test_call_that_is_not_from_the_web_is_refused_by_a_web_function() -> None:
    result = http.serve({"source": "x"}, Context(), lambda _: Response(200, {}), "GET")
    assert result["statusCode"] == 400
    assert "web address" in result["body"]["message"]


def test_more_parameters_than_anybody_needs_are_the_callers_fault() -> None:
    assert len(request(queryString="&".join(f"p{n}=1" for n in range(100))).query) == 100
    result = served(lambda _: Response(200, {}), "GET", queryString="&".join(f"p{n}=1" for n in range(101)))
    assert result["statusCode"] == 400
    assert "100" in result["body"]["message"]


def test_parameter_is_the_first_of_its_name_or_empty() -> None:
    got = request(queryString="shop=a&shop=b")
    assert (got.parameter("shop"), got.parameter("none")) == ("a", "")


def test_signed_query_leaves_out_only_our_own_parameter() -> None:
    got = request(queryString="shop=a&format=json&hmac=1&format=page&formats=x")
    assert got.signed_query == (("shop", "a"), ("hmac", "1"), ("formats", "x"))


def test_repeated_parameter_is_refused_only_where_it_must_be_unique() -> None:
    got = request(queryString="shop=a&shop=a&ids=1&ids=2&code=c")
    got.refuse_repeated("code", "state")
    with pytest.raises(CallerError, match="shop"):
        got.refuse_repeated("code", "shop")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("stockroom_x=mine", "mine"),
        ("a=1; stockroom_x=mine; b=2", "mine"),
        ("stockroom_x=mine; stockroom_x=a-strangers", "mine"),
        ("flag; stockroom_x=mine", "mine"),
        ("version=1; path=/; stockroom_x=mine", "mine"),
        ("a/b=1; stockroom_x=mine", "mine"),
        ('x[0]={"a": 1, b}; stockroom_x=mine', "mine"),
        ("stockroom_x=with=equals==", "with=equals=="),
    ],
)
def test_cookie_is_found_whatever_others_set_on_this_host(header: str, value: str) -> None:
    assert request(headers={"Cookie": header}).cookies["stockroom_x"] == value


def test_no_cookie_header_means_no_cookies() -> None:
    assert request().cookies == {}


@pytest.mark.parametrize(
    ("query", "accept", "asked", "wants"),
    [
        ("", "text/html,application/xhtml+xml", None, True),
        ("", "*/*", None, False),
        ("", None, None, False),
        ("format=json", "text/html", False, False),
        ("format=page", "*/*", True, True),
        ("format=other", "text/html", None, True),
    ],
)
def test_address_decides_between_page_and_json_before_the_browser_does(
    query: str, accept: str | None, asked: bool | None, wants: bool
) -> None:
    got = request(queryString=query, headers={"Accept": accept} if accept else {})
    assert (got.page_asked, got.wants_page) == (asked, wants)


@pytest.mark.parametrize(
    ("query", "login", "accept", "wants"),
    [
        ("", True, "*/*", True),
        ("", False, "text/html", False),
        ("", None, "text/html", True),
        ("", None, "*/*", False),
        ("format=json", True, "text/html", False),
        ("format=page", False, "*/*", True),
    ],
)
def test_callback_answers_as_it_or_else_the_login_was_asked_to(
    query: str, login: bool | None, accept: str, wants: bool
) -> None:
    assert http.wants_page(request(queryString=query, headers={"Accept": accept}), login) == wants


def test_json_answer_is_never_cached_sniffed_or_framed() -> None:
    result = Response(201, {"a": 1}).result()
    assert (result["statusCode"], result["body"]) == (201, {"a": 1})
    assert result["headers"] == {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }


def test_page_answer_carries_its_own_policy() -> None:
    document = page.Document("<p>x", "policy of the page")
    result = Response.html(document, 404).result()
    assert (result["statusCode"], result["body"]) == (404, "<p>x")
    assert result["headers"]["content-type"] == "text/html; charset=utf-8"
    assert result["headers"]["content-security-policy"] == "policy of the page"
    assert result["headers"]["cache-control"] == "no-store"


def test_redirect_carries_no_body_and_only_the_cookies_it_was_given() -> None:
    result = Response.redirect("https://x.example/", ["a=1", "b=2"]).result()
    assert (result["statusCode"], result["body"]) == (303, "")
    assert (result["headers"]["location"], result["headers"]["set-cookie"]) == ("https://x.example/", ["a=1", "b=2"])
    assert "set-cookie" not in Response.redirect("https://x.example/").headers


def test_handlers_answer_goes_out() -> None:
    result = served(lambda got: Response(200, {"path": got.path}), "GET", path="/acme")
    assert (result["statusCode"], result["body"]) == (200, {"path": "/acme"})


def test_other_method_is_refused_before_the_handler_sees_it() -> None:
    result = served(raising(AssertionError("handler was called")), "GET", "POST", method="DELETE")
    assert result["statusCode"] == 405
    assert result["headers"]["allow"] == "GET, POST"
    assert result["body"] == {"status": "failed", "message": "This address answers GET and POST only."}


def test_known_failure_is_told_with_its_status_in_json() -> None:
    result = served(raising(Conflict("Someone was quicker.")), "GET")
    assert result["statusCode"] == 409
    assert result["body"] == {"status": "failed", "message": "Someone was quicker."}
    assert "retry-after" not in result["headers"]


def test_known_failure_is_a_page_for_a_browser() -> None:
    result = served(raising(Conflict("Someone <b>was</b> quicker.")), "GET", headers={"accept": "text/html"})
    assert result["statusCode"] == 409
    assert result["headers"]["content-type"].startswith("text/html")
    assert "Someone &lt;b&gt;was&lt;/b&gt; quicker." in result["body"]


@pytest.mark.parametrize("kind", [OwnerError, LoginNeeded])
def test_owner_is_shown_where_to_log_in_again(kind: type[OwnerError]) -> None:
    handler = raising(kind("Declined.", again="https://faas.example/login?again=1"))
    result = served(handler, "GET")
    assert (result["statusCode"], result["body"]) == (
        403,
        {"status": "failed", "message": "Declined.", "login": "https://faas.example/login?again=1"},
    )
    shown = served(handler, "GET", headers={"accept": "text/html"})
    assert "href='https://faas.example/login?again=1'" in shown["body"]


def test_failure_without_a_way_back_names_none() -> None:
    assert served(raising(OwnerError("Pay first.")), "GET")["body"] == {"status": "failed", "message": "Pay first."}
    assert "href" not in served(raising(OwnerError("Pay.")), "GET", headers={"accept": "text/html"})["body"]


@pytest.mark.parametrize(("wait", "header"), [(0.2, "1"), (7.6, "8"), (60, "60")])
def test_busy_provider_is_passed_on_as_retry_after(wait: float, header: str) -> None:
    result = served(raising(ProviderBusy("Later.", wait=wait)), "GET")
    assert (result["statusCode"], result["headers"]["retry-after"]) == (503, header)


def test_unexpected_failure_shows_its_details_in_the_log_only(capsys: pytest.CaptureFixture[str]) -> None:
    result = served(raising(ZeroDivisionError("secret detail")), "GET")
    assert result["statusCode"] == 500
    assert result["body"] == {
        "status": "failed",
        "message": "Something went wrong inside Stockroom; its log has the details.",
    }
    said = capsys.readouterr()
    assert "ZeroDivisionError: secret detail" in said.err
    assert "Traceback" in said.err
    assert said.out == ""


def test_known_failure_is_one_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    served(raising(Conflict("Someone was quicker.")), "GET")
    assert capsys.readouterr().err == "WARNING Conflict: Someone was quicker.\n"


def test_log_is_set_up_once_for_many_calls(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    http.log_to_stderr()
    http.log_to_stderr()
    logging.getLogger("stockroom").info("once")
    assert capsys.readouterr().err == "INFO once\n"
    assert caplog.text == ""  # the platform's own handler, if it has one, would tell it a second time


def test_job_gets_payload_and_deadline_in_seconds() -> None:
    def job(payload: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        return {"payload": payload, "deadline": deadline}

    assert http.work({"source": "x"}, Context(), job) == {"payload": {"source": "x"}, "deadline": 1_800_000_000.5}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Conflict("Someone was quicker."), "Someone was quicker."),
        (ZeroDivisionError("secret detail"), "Something went wrong inside Stockroom; its log has the details."),
    ],
)
def test_failed_job_says_so(error: Exception, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    def job(_: Mapping[str, Any], __: float) -> dict[str, Any]:
        raise error

    assert http.work({}, Context(), job) == {"status": "failed", "message": message}
    assert type(error).__name__ in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        (
            "https://faas.example/api/v1/web/ns/shopify/callback",
            "Path=/api/v1/web/ns/shopify/callback",
        ),
        ("https://faas.example", "Path=/"),
    ],
)
def test_cookie_belongs_to_one_function_and_is_out_of_reach_for_scripts(address: str, rest: str) -> None:
    assert http.cookie("n", "v", address=address, seconds=600) == (
        f"n=v; {rest}; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
    )


def test_cookie_for_this_machine_works_without_https() -> None:
    kept = http.cookie("n", "", address="http://localhost:5000/shopify/callback", seconds=0)
    assert kept == "n=; Path=/shopify/callback; Max-Age=0; HttpOnly; SameSite=Lax"


def test_answer_fits_up_to_the_limit_and_counts_escapes() -> None:
    assert http.RESULT_LIMIT < 1024 * 1024  # what the platform takes
    room = http.RESULT_LIMIT - len(json.dumps(Response(200, {"text": ""}).result()))
    assert http.fits(Response(200, {"text": "x" * room}))
    assert not http.fits(Response(200, {"text": "x" * (room + 1)}))
    assert not http.fits(Response(200, {"text": "é" * (room // 5)}))


def test_clock_tells_seconds_since_1970() -> None:
    assert abs(http.now() - time.time()) < 5
