"""The requests that the sandbox itself makes: to the app's webhook, deauthorize and deletion addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

import requests

PATIENCE = 5.0
"""Seconds in which the app has to answer."""
USER_AGENT = "facebookexternalua"


class Unreachable(Exception):
    """No answer, or none in time."""


@dataclass(frozen=True)
class Reply:
    status: int
    reason: str
    text: str


def fetch(method: str, address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """One request, with no redirect followed and no proxy asked."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            reply = session.request(
                method,
                address,
                data=body,
                headers={"User-Agent": USER_AGENT, "Accept": "*/*", **(headers or {})},
                timeout=PATIENCE,
                allow_redirects=False,
            )
        except requests.Timeout:
            raise Unreachable(f"no answer within {PATIENCE:.0f} seconds") from None
        except (requests.RequestException, ValueError):
            raise Unreachable("the address cannot be reached") from None
    return Reply(reply.status_code, reply.reason or "", reply.text)
