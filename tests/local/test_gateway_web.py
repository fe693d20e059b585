"""The gateway over a socket: short and long addresses, limits, helpful failures."""

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from local.gateway import web
from tests.local.conftest import wait_until

if TYPE_CHECKING:
    from tests.local.conftest import Client, ProjectFolder

ECHO = """
    def main(event, context):
        return {"body": event}
"""
PREFIX = "/api/v1/web/fn-local"


class TestWebCalls:
    def test_a_raw_function_gets_exactly_the_bytes_that_were_sent(self, project: "ProjectFolder") -> None:
        project.function("shopify/webhook", ECHO)
        body = '{ "a":\t"é",\r\n "b":1.0 }'
        binary = gzip.compress(b"x")
        with project.running() as client:
            text = client.post("/shopify/webhook", data=body.encode(), headers={"content-type": "application/json"})
            other = client.post("/shopify/webhook", data=binary, headers={"content-type": "application/gzip"})
        assert text.json()["http"]["body"] == body
        assert other.json()["http"]["isBase64Encoded"] is True

    def test_short_and_long_addresses_reach_the_same_function(self, project: "ProjectFolder") -> None:
        project.function("shopify/login", ECHO)
        paths = [
            "/shopify/acme/login",
            "/shopify/login/acme",
            f"{PREFIX}/shopify/login/acme",
            "/api/v1/web/fn-1/shopify/login/acme",
        ]
        with project.running() as client:
            events = [client.get(f"{path}?a=1%202&b").json()["http"] for path in paths]
            encoded = client.get("/shopify/login/a%2Fb%20%C3%A9").json()["http"]["path"]
        assert {(event["path"], event["queryString"]) for event in events} == {("/acme", "a=1%202&b")}
        assert encoded == "/a%2Fb%20%C3%A9"

    def test_headers_arrive_in_lower_case_behind_an_internal_host(self, project: "ProjectFolder") -> None:
        project.function("shopify/webhook", ECHO)
        with project.running() as client:
            headers = client.get("/shopify/webhook", headers={"X-Shopify-Topic": "Products/Update"}).json()["http"][
                "headers"
            ]
        assert headers["x-shopify-topic"] == "Products/Update"
        assert headers["host"] == "ccontroller"
        assert headers["x-forwarded-for"] == "127.0.0.1"

    def test_a_chunked_body_arrives_whole(self, project: "ProjectFolder") -> None:
        project.function("shopify/webhook", ECHO)
        with project.running() as client:
            reply = client.post("/shopify/webhook", data=iter([b"ab", b"cd"]), headers={"content-type": "text/plain"})
        assert reply.json()["http"]["body"] == "abcd"

    def test_several_cookies_and_a_redirect_pass(self, project: "ProjectFolder") -> None:
        code = """
            def main():
                return {"statusCode": 303, "headers": {"location": "https://x.test/é", "set-cookie": ["a=1", "b=2"]}}
        """
        project.function("shopify/login", code)
        with project.running() as client:
            reply = client.get("/shopify/login")
        assert reply.status_code == 303
        assert reply.headers["location"].encode("latin-1").decode() == "https://x.test/é"
        assert [(cookie.name, cookie.value) for cookie in reply.cookies] == [("a", "1"), ("b", "2")]
        assert "content-type" not in reply.headers
        assert reply.headers["x-openwhisk-activation-id"]

    def test_a_parsed_function_gets_fields(self, project: "ProjectFolder") -> None:
        project.function("shop/form", ECHO, web=True)
        with project.running() as client:
            event = client.post("/shop/form?a=query&b=2", data={"a": "form"}).json()
        assert (event["a"], event["b"]) == ("form", "2")
        assert "body" not in event["http"]

    def test_head_runs_the_function_and_sends_no_body(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", "def main(): return {'body': 'hi'}")
        with project.running() as client:
            reply = client.request("HEAD", "/shop/hello")
        assert (reply.status_code, reply.headers["content-length"], reply.content) == (200, "2", b"")

    def test_a_web_secret_is_demanded(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", "def main(): return {'body': 'hi'}", webSecure="s3cret")
        with project.running() as client:
            statuses = [
                client.get("/shop/hello", headers=headers).status_code
                for headers in ({}, {"x-require-whisk-auth": "other"}, {"x-require-whisk-auth": "s3cret"})
            ]
        assert statuses == [401, 401, 200]


class TestCors:
    def test_the_platform_answers_options_itself_and_lets_everybody_in(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", "def main(): raise RuntimeError")
        with project.running() as client:
            reply = client.request("OPTIONS", "/shop/hello", headers={"access-control-request-headers": "x-a"})
        assert reply.status_code == 200
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["access-control-allow-headers"] == "x-a"

    def test_an_annotation_leaves_that_to_the_function(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", ECHO, annotations={"web-custom-options": True})
        with project.running() as client:
            reply = client.request("OPTIONS", "/shop/hello")
        assert reply.json()["http"]["method"] == "OPTIONS"
        assert "access-control-allow-origin" not in reply.headers


class TestFailures:
    def failure(self, project: "ProjectFolder", code: str, **settings: Any) -> tuple[int, dict[str, Any], str]:
        """Status, JSON and page of a function that fails."""
        project.function("shop/hello", code, **settings)
        with project.running() as client:
            reply, page = client.get("/shop/hello"), client.page("/shop/hello")
        assert page.status_code == reply.status_code
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        return reply.status_code, reply.json(), page.text

    def test_an_exception_shows_its_traceback(self, project: "ProjectFolder") -> None:
        status, told, page = self.failure(project, "def main():\n    raise ValueError('<boom>')")
        assert status == 400
        assert "<boom>" in told["error"]
        assert told["output"][-1] == "ValueError: <boom>"
        assert "ValueError: &lt;boom&gt;" in page
        assert "main__.py&#34;, line 2" in page

    def test_a_broken_import_is_a_bad_gateway(self, project: "ProjectFolder") -> None:
        status, told, page = self.failure(project, "import nowhere_to_be_found")
        assert status == 502
        assert "No module named 'nowhere_to_be_found'" in told["error"]
        assert "shop/hello could not be imported" in page

    def test_time_over_names_the_limit(self, project: "ProjectFolder") -> None:
        status, told, page = self.failure(project, "import time\ndef main(): time.sleep(60)", limits={"timeout": 300})
        assert status == 504
        assert "300 ms" in told["error"]
        assert "limits.timeout of shop/hello" in told["fix"]
        assert "limits.timeout" in page

    def test_memory_over_names_the_limit(self, project: "ProjectFolder") -> None:
        code = "def main():\n    a = b'x' * 200_000_000\n    return {}"
        status, told, page = self.failure(project, code, limits={"memory": 128})
        assert status == 502
        assert "limits.memory allows 128 MB" in told["error"]
        assert "limits.memory" in page

    def test_a_crash_names_the_exit_code(self, project: "ProjectFolder") -> None:
        status, told, _ = self.failure(project, "import sys\ndef main(): sys.exit(7)")
        assert status == 502
        assert "exit code 7" in told["error"]

    def test_too_large_a_result_says_so(self, project: "ProjectFolder") -> None:
        status, told, _ = self.failure(project, "def main(): return {'body': 'x' * 2_000_000}")
        assert status == 502
        assert "1 MB" in told["fix"]

    def test_a_result_that_is_no_response_says_what_to_return(self, project: "ProjectFolder") -> None:
        status, told, _ = self.failure(
            project, "def main(): return {'headers': {'content-type': 'image/png'}, 'body': '!'}"
        )
        assert status == 400
        assert "must be a base64 string" in told["fix"]

    def test_a_private_function_has_no_web_address(self, project: "ProjectFolder") -> None:
        status, told, page = self.failure(project, "def main(): return {'body': 'secret'}", web=False)
        assert status == 404
        assert "web: false" in told["error"]
        assert "secret" not in page

    def test_an_address_that_leads_nowhere_is_told(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", ECHO)
        with project.running() as client:
            replies = [
                client.get(path) for path in ("/shop/other", "/hello", f"{PREFIX}/shop/other", "/api/v1/nothing")
            ]
        assert [reply.status_code for reply in replies] == [404] * 4
        assert replies[0].json()["error"] == "No function answers at /shop/other."


class TestSize:
    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_request_over_one_megabyte_is_refused_without_running(
        self, project: "ProjectFolder", chunked: bool
    ) -> None:
        project.function("shop/hello", ECHO)
        body = b"x" * 1_100_000
        with project.running() as client:
            reply = client.post("/shop/hello", data=iter([body]) if chunked else body)
            log = client.terminal.getvalue()
        assert reply.status_code == 413
        assert "1,048,576 bytes" in reply.json()["error"]
        assert "cold" not in log

    def test_the_limit_holds_for_the_whole_input_as_json(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", "def main(): return {}")
        plain, quoted = b"x" * 1_000_000, b'"' * 1_000_000  # each quote takes two bytes
        with project.running() as client:
            statuses = [
                client.post("/shop/hello", data=body, headers={"content-type": "text/plain"}).status_code
                for body in (plain, quoted)
            ]
        assert statuses == [204, 413]

    def test_the_sender_of_a_huge_body_gets_to_read_the_answer(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", ECHO)
        with project.running() as client:
            head = b"POST /shop/hello HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20000000\r\n\r\n"
            assert raw(client, head + b"x" * 20_000_000).startswith(b"HTTP/1.1 413")


class TestConcurrency:
    def test_a_function_may_call_another_while_it_runs(self, project: "ProjectFolder") -> None:
        caller = """
            import requests
            def main(event, context):
                address = f"{context.api_host}/shop/callee"
                return {"body": requests.post(address, json={"a": 1}, timeout=5).json()}
        """
        project.function("shop/caller", caller, limits={"timeout": 10_000})
        project.function("shop/callee", "def main(event): return {'body': {'got': event['http']['body']}}")
        with project.running() as client:
            assert client.get("/shop/caller").json() == {"got": '{"a": 1}'}

    def test_more_calls_at_once_than_the_platform_allows_are_refused(
        self, project: "ProjectFolder", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("local.gateway.activations.CONCURRENT", 1)
        gate = project.root / "gate"
        code = f"""
            import os, time
            def main():
                print("at work", flush=True)
                while not os.path.exists({str(gate)!r}): time.sleep(0.01)
                return {{}}
        """
        project.function("shop/hello", code, limits={"timeout": 15_000})
        with project.running() as client, ThreadPoolExecutor(1) as threads:
            first = threads.submit(client.get, "/shop/hello")
            wait_until(lambda: "at work" in client.terminal.getvalue())
            assert client.get("/shop/hello").status_code == 429
            gate.touch()
            assert first.result().status_code == 204
            assert client.get("/shop/hello").status_code == 204

    def test_a_web_call_that_outlasts_the_platforms_patience_is_answered_and_goes_on(
        self, project: "ProjectFolder", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(web, "PATIENCE", 0.3)
        done = project.root / "done"
        code = f"import time, pathlib\ndef main():\n    time.sleep(0.6)\n    pathlib.Path({str(done)!r}).touch()"
        project.function("shop/hello", code)
        with project.running() as client:
            reply = client.get("/shop/hello")
            assert reply.status_code == 202
            wait_until(done.exists)


class TestTerminal:
    def test_the_log_never_shows_a_query(
        self, project: "ProjectFolder", caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level("INFO")
        project.function("shopify/callback", "def main(): return {}")
        with project.running() as client:
            client.get(f"{PREFIX}/shopify/callback?code=verysecret&hmac=verysecret")
            client.get("/nothing?code=verysecret")
            raw(client, b"GET /a b?code=verysecret HTTP/1.1\r\n\r\n")
            log = client.terminal.getvalue()
        for written in (log, caplog.text, *capfd.readouterr()):
            assert "verysecret" not in written
        assert "/shopify/callback  shopify/callback cold" in log

    def test_what_a_function_writes_is_shown_under_its_name(self, project: "ProjectFolder") -> None:
        code = "import sys\ndef main():\n    print('out')\n    print('err', file=sys.stderr)"
        project.function("shop/hello", code)
        with project.running() as client:
            client.get("/shop/hello")
            log = client.terminal.getvalue()
        assert "shop/hello | out\n" in log
        assert "shop/hello | err\n" in log

    def test_what_would_become_public_is_told_at_the_start(self, project: "ProjectFolder") -> None:
        project.function("shop/hello", ECHO, web=False)
        project.write("packages/shop/util.py", ECHO)
        with project.running() as client:
            assert "PUBLIC function shop/util" in client.terminal.getvalue()
            assert "PUBLIC function shop/util" in client.page("/").text
            assert client.get("/shop/util").status_code == 200


class TestStartPage:
    def test_it_offers_a_login_and_tells_what_runs_where(self, project: "ProjectFolder") -> None:
        project.function("shopify/login", ECHO)
        project.function("shopify/sync", ECHO, web=False)
        with project.running() as client:
            page = client.page("/").text
        assert '<form action="/shopify/login" method="get">' in page
        for expected in ("shopify/sync", "stockroom-local-secret", "http://localhost:5002", "http://localhost:5001"):
            assert expected in page
        assert "facebook" not in page.lower()

    def test_it_loads_nothing_from_anywhere(self, project: "ProjectFolder") -> None:
        project.function("shopify/login", ECHO)
        with project.running() as client:
            reply = client.page("/")
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert "<script" not in reply.text

    def test_a_facebook_function_brings_its_own_section(self, project: "ProjectFolder") -> None:
        project.function("facebook/login", ECHO)
        with project.running() as client:
            page = client.page("/").text
        assert 'href="/facebook/login"' in page
        assert 'href="http://localhost:5003"' in page


def raw(client: "Client", data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(client.address.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(data)
        return connection.recv(1000)
