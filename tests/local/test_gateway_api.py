"""The platform's API over a socket: calls that nobody waits for, their records, and the key that they take."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.local.conftest import wait_until

if TYPE_CHECKING:
    from tests.local.conftest import Client, ProjectFolder

ECHO = "def main(event): return {'body': event}"


def test_an_asynchronous_call_is_accepted_at_once_and_its_result_found_later(project: "ProjectFolder") -> None:
    code = "def main(event):\n    print('working')\n    return {'event': event}"
    project.function("shop/sync", code, web=False)
    with project.running() as client:
        reply = client.invoke("shop/sync", "blocking=false", {"source": "shopify/acme.myshopify.com"})
        assert reply.status_code == 202
        record = found(client, reply.json()["activationId"])
        logs = activation(client, f"{record['activationId']}/logs").json()
        result = activation(client, f"{record['activationId']}/result").json()
    assert record["name"] == "sync"
    assert record["response"]["result"] == {"event": {"source": "shopify/acme.myshopify.com"}}
    assert result["success"] is True
    assert logs == {"logs": ["working"]}


def test_a_blocking_call_waits_for_the_result(project: "ProjectFolder") -> None:
    project.function("shop/sync", "def main(event): return {'n': event['n'] + 1}", web=False)
    with project.running() as client:
        result = client.invoke("shop/sync", "blocking=true&result=true", {"n": 1})
        record = client.invoke("shop/sync", "blocking=true", {"n": 1})
    assert (result.status_code, result.json()) == (200, {"n": 2})
    assert record.json()["response"]["status"] == "success"


def test_a_failing_call_says_so(project: "ProjectFolder") -> None:
    project.function("shop/sync", "def main(event): 1 / 0", web=False)
    with project.running() as client:
        reply = client.invoke("shop/sync", "blocking=true&result=true")
    assert (reply.status_code, reply.json()) == (502, {"error": "division by zero"})


def test_a_web_function_can_be_invoked_and_sees_no_http(project: "ProjectFolder") -> None:
    project.function("shop/hello", "def main(event): return event")
    with project.running() as client:
        assert client.invoke("shop/hello", "blocking=true&result=true", {"a": 1}).json() == {"a": 1}


@pytest.mark.parametrize("key", ["dof_v1_test:wrong", "wrong:secret", ":", "dof_v1_test:secret "])
def test_another_key_is_refused_and_nothing_runs(project: "ProjectFolder", key: str) -> None:
    project.function("shop/sync", ECHO, web=False)
    with project.running() as client:
        reply = client.invoke("shop/sync", "blocking=true", key=key)
        anonymous = client.post("/api/v1/namespaces/_/actions/shop/sync")
        log = client.terminal.getvalue()
    assert (reply.status_code, anonymous.status_code) == (401, 401)
    assert "INVOKED" not in log


def test_without_a_key_nobody_can_invoke(project: "ProjectFolder") -> None:
    project.function("shop/sync", ECHO, web=False)
    with project.running({"FUNCTIONS_ACCESS_KEY": ""}) as client:
        assert client.invoke("shop/sync", "", key=":").status_code == 401
        assert client.post("/api/v1/namespaces/_/actions/shop/sync").status_code == 401


@pytest.mark.parametrize(
    ("function", "payload", "status"),
    [("shop/gone", {}, 404), ("shop/sync", [1], 400), ("shop/sync", {"a": "x" * 1_100_000}, 413)],
)
def test_what_cannot_be_invoked_is_refused(project: "ProjectFolder", function: str, payload: Any, status: int) -> None:
    project.function("shop/sync", ECHO, web=False)
    with project.running() as client:
        assert client.invoke(function, "blocking=true", payload).status_code == status


def test_web_calls_leave_no_record(project: "ProjectFolder") -> None:
    project.function("shop/hello", ECHO)
    with project.running() as client:
        identity = client.get("/shop/hello").headers["x-openwhisk-activation-id"]
        assert activation(client, identity).status_code == 404


def activation(client: "Client", path: str) -> Any:
    return client.get(f"/api/v1/namespaces/_/activations/{path}", auth=("dof_v1_test", "secret"))


def found(client: "Client", identity: str) -> dict[str, Any]:
    """The record, as soon as the activation has ended."""
    wait_until(lambda: activation(client, identity).status_code == 200)
    record: dict[str, Any] = activation(client, identity).json()
    return record
