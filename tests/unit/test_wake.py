import base64
import logging

import pytest
import requests
import responses
from responses import matchers

from stockroom.wake import wake

ADDRESS = "https://faas.example/api/v1/namespaces/_/actions/shopify/sync"


def call() -> bool:
    return wake("https://faas.example", "key-id:key-secret", "shopify/sync", {"source": "shopify/acme.myshopify.com"})


def test_function_is_called_without_waiting_for_its_result(web: responses.RequestsMock) -> None:
    basic = base64.b64encode(b"key-id:key-secret").decode()
    web.post(
        ADDRESS,
        status=202,
        json={"activationId": "x"},
        match=[
            matchers.query_param_matcher({"blocking": "false"}),
            matchers.json_params_matcher({"source": "shopify/acme.myshopify.com"}),
            matchers.header_matcher({"authorization": f"Basic {basic}"}),
            matchers.request_kwargs_matcher({"timeout": 2.0}),
        ],
    )
    assert call()


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 429, 500, 502])
def test_refused_call_is_told_with_its_status(
    status: int, web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    web.post(ADDRESS, status=status, headers={"location": "https://elsewhere.example/"})
    with caplog.at_level(logging.WARNING):
        assert not call()
    assert f"HTTP {status}" in caplog.text
    assert "FUNCTIONS_ACCESS_KEY" in caplog.text
    assert "key-secret" not in caplog.text


@pytest.mark.parametrize("error", [requests.ConnectionError("key-secret"), requests.Timeout("key-secret")])
def test_call_that_gets_no_answer_is_told_and_does_no_harm(
    error: requests.RequestException, web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    web.post(ADDRESS, body=error)
    with caplog.at_level(logging.WARNING):
        assert not call()
    assert f"shopify/sync could not be woken: {type(error).__name__}" in caplog.text
    assert "key-secret" not in caplog.text


def test_unknown_api_host_is_a_call_that_is_not_possible() -> None:
    assert not wake("", "key-id:key-secret", "shopify/sync", {})
