"""The variables that project.yml wants, for this machine: from .env where it says something, else local stand-ins.

    python -m local.environment --write .env      a .env for real keys, from .env.example, with fresh secrets

A present SHOPIFY_API_KEY means the real Shopify, FACEBOOK_APP_ID the real Facebook, SPACES_ACCESS_KEY the real Spaces,
SPACES_ENDPOINT another S3 server.
"""

import argparse
import base64
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

NOT_SET = "none"
"""Stands for a variable without a value, because the platform refuses empty ones."""


class EnvironmentFileError(Exception):
    """A .env that cannot be read or must not be written."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the four servers listen."""

    gateway: int

    @property
    def sandbox(self) -> int:
        return self.gateway + 1

    @property
    def spaces(self) -> int:
        return self.gateway + 2

    @property
    def facebook(self) -> int:
        return self.gateway + 3


@dataclass(frozen=True, slots=True)
class LocalEnvironment:
    """What the functions are given, and which stand-ins that takes."""

    variables: Mapping[str, str]
    sandbox: bool
    """Whether Shopify is stood in for."""
    facebook_sandbox: bool
    embedded_spaces: bool


def local_environment(dotenv: Mapping[str, str], ports: Ports, generated: Mapping[str, str]) -> LocalEnvironment:
    """Every variable that project.yml may want. Whatever `.env` says, and is not empty, has the last word."""
    defaults = _defaults(f"http://localhost:{ports.gateway}")
    said = {name: value for name, value in dotenv.items() if value and not (value == NOT_SET and name in generated)}
    said = {name: value for name, value in said.items() if value != NOT_SET or defaults.get(name, NOT_SET) == NOT_SET}
    used = {name for name, value in said.items() if value != NOT_SET}
    sandbox, facebook_sandbox = "SHOPIFY_API_KEY" not in used, "FACEBOOK_APP_ID" not in used
    made_up = (() if sandbox else _SHOPIFYS_OWN) + (() if facebook_sandbox else _FACEBOOKS_OWN)
    embedded_spaces = used.isdisjoint({"SPACES_ACCESS_KEY", "SPACES_ENDPOINT"})
    variables = {
        **{name: value for name, value in generated.items() if name not in made_up},
        **defaults,
        **(_EMBEDDED_SPACES if embedded_spaces else {}),
        **said,
    }
    if sandbox:
        variables |= {
            "SHOPIFY_API_KEY": generated["SHOPIFY_API_KEY"],
            "SHOPIFY_SANDBOX_URL": f"http://localhost:{ports.sandbox}",
        }
    if facebook_sandbox:
        variables |= {
            "FACEBOOK_APP_ID": generated["FACEBOOK_APP_ID"],
            "FACEBOOK_SANDBOX_URL": f"http://localhost:{ports.facebook}",
        }
    if embedded_spaces:
        variables |= {
            "SPACES_ACCESS_KEY": _EMBEDDED_SPACES["SPACES_ACCESS_KEY"],
            "SPACES_SECRET_KEY": _EMBEDDED_SPACES["SPACES_SECRET_KEY"],
            "SPACES_ENDPOINT": f"http://localhost:{ports.spaces}",
        }
    return LocalEnvironment(variables, sandbox, facebook_sandbox, embedded_spaces)


_SHOPIFYS_OWN = ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET")
_FACEBOOKS_OWN = ("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET")
"""What cannot be made up for the real thing: if `.env` lacks it, it has to be missed."""

_EMBEDDED_SPACES = {
    "SPACES_ACCESS_KEY": "stockroom-local",
    "SPACES_SECRET_KEY": "stockroom-local-secret",
    "SPACES_BUCKET": "stockroom",
    "SPACES_REGION": "nyc3",
}


def _defaults(gateway: str) -> dict[str, str]:
    return {
        "SHOPIFY_API_SECRET_OLD": NOT_SET,
        "SHOPIFY_API_VERSION": "2026-10",
        "SHOPIFY_REDIRECT_URI": f"{gateway}/shopify/callback",
        "SHOPIFY_WEBHOOK_ADDRESS": f"{gateway}/shopify/webhook",
        "SHOPIFY_SANDBOX_URL": NOT_SET,
        "FACEBOOK_API_VERSION": "v26.0",
        "FACEBOOK_CONFIG_ID": NOT_SET,
        "FACEBOOK_REDIRECT_URI": f"{gateway}/facebook/callback",
        "FACEBOOK_REPLACES_WEBHOOK": NOT_SET,
        "FACEBOOK_SANDBOX_URL": NOT_SET,
        "FACEBOOK_SCOPES": "pages_show_list,pages_manage_metadata,pages_read_engagement",
        "FACEBOOK_WEBHOOK_ADDRESS": f"{gateway}/facebook/webhook",
        "SPACES_PRIVATE_BUCKET": NOT_SET,
        "SPACES_ENDPOINT": NOT_SET,
    }


def fresh_secrets(today: date) -> dict[str, str]:
    """Secrets that belong to one installation of Stockroom."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "STATE_TOKEN_SECRET": secrets.token_urlsafe(32),
        "TOKEN_KEYS": f"{today:%Y-%m}:{key}",
        "ADMIN_SECRET": secrets.token_urlsafe(32),
        "FACEBOOK_VERIFY_TOKEN": secrets.token_urlsafe(24),
    }


def stand_in_secrets(today: date) -> dict[str, str]:
    """The same, and the keys that Shopify, Facebook and DigitalOcean would give."""
    return {
        **fresh_secrets(today),
        "SHOPIFY_API_KEY": secrets.token_hex(16),
        "SHOPIFY_API_SECRET": f"shpss_{secrets.token_hex(16)}",
        "FACEBOOK_APP_ID": str(10**15 + secrets.randbelow(9 * 10**15)),
        "FACEBOOK_APP_SECRET": secrets.token_hex(16),
        "FUNCTIONS_ACCESS_KEY": f"local-{secrets.token_hex(8)}:{secrets.token_urlsafe(32)}",
    }


def kept_secrets(file: Path, today: date) -> dict[str, str]:
    """The stand-ins' secrets, made once and kept, so that what was sealed yesterday opens today."""
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    complete = {**stand_in_secrets(today), **kept}
    if complete != kept:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        _write_private(fresh, json.dumps(complete, indent=2))
        fresh.replace(file)
    return complete


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables of a .env; none if there is no such file."""
    return dict(parse_dotenv(file.read_text(encoding="utf-8"))) if file.exists() else {}


def parse_dotenv(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each `NAME=value`; a value may stand in quotes, and ` # ...` after it is a comment."""
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.removeprefix("export ").partition("=")
        if not separator or not name.strip().isidentifier():
            raise EnvironmentFileError(f".env, line {number}: this is not NAME=value.")
        yield name.strip(), _unquoted(value.strip())


def filled(example: str, values: Mapping[str, str]) -> str:
    """The example with values put after their names; its comments stay."""
    lines = []
    for line in example.splitlines():
        name = line.partition("=")[0].strip()
        lines.append(f"{name}={values[name]}" if name in values and "=" in line else line)
    return "\n".join(lines) + "\n"


def write_dotenv(example: Path, target: Path, today: date) -> None:
    """Make a .env that only its owner can read; never over one that is there."""
    if not example.exists():
        raise EnvironmentFileError(f"{example} is not here; start this in the project's own folder.")
    try:
        _write_private(target, filled(example.read_text(encoding="utf-8"), fresh_secrets(today)))
    except FileExistsError:
        raise EnvironmentFileError(f"{target} is there already, and holds secrets; move it away first.") from None


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    plain = "" if value.startswith("#") else value.partition(" #")[0].strip()
    if "#" in plain:
        raise EnvironmentFileError(
            "A value in .env holds a #, after which the deployment reads no further: put it in quotes."
        )
    return plain


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a .env; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.environment", description="Write a .env with fresh secrets.")
    parser.add_argument("--write", type=Path, required=True, metavar="FILE", help="the file to write, such as .env")
    parser.add_argument(
        "--example", type=Path, default=Path(".env.example"), help="what to start from (default .env.example)"
    )
    options = parser.parse_args(arguments)
    try:
        write_dotenv(options.example, options.write, datetime.now(UTC).date())
    except EnvironmentFileError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.write} is written, with fresh secrets; fill in the keys that it still lacks.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
