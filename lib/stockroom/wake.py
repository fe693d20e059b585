"""Call another function without waiting for it.

Nothing depends on the call: what it would do is found and done by the next scheduled run as well.
"""

import base64
import logging
from collections.abc import Mapping
from typing import Any

import requests

log = logging.getLogger("stockroom")

_PATIENCE = 2.0
"""Seconds. The platform answers at once or not at all."""


def wake(api_host: str, access_key: str, function: str, payload: Mapping[str, Any]) -> bool:
    """Start a function such as `shopify/sync` with a payload; False, with a log line, if that was not possible."""
    address = f"{api_host}/api/v1/namespaces/_/actions/{function}?blocking=false"
    credentials = base64.b64encode(access_key.encode()).decode()
    try:
        reply = requests.post(
            address,
            json=payload,
            headers={"authorization": f"Basic {credentials}"},
            timeout=_PATIENCE,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        log.warning("%s could not be woken: %s", function, type(error).__name__)
        return False
    woken = 200 <= reply.status_code < 300  # noqa: PLR2004 - anything else was not the platform
    if not woken:
        log.warning("%s could not be woken: HTTP %s; check FUNCTIONS_ACCESS_KEY", function, reply.status_code)
    return woken
