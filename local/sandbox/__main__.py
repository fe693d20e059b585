"""`python -m local.sandbox`: a stand-in Shopify on this machine."""

import argparse
import signal
import sys
from pathlib import Path

from local.sandbox.app import create_app
from local.sandbox.csv_columns import CatalogError
from local.sandbox.server import HOST, listening
from local.sandbox.settings import SHOP, Settings
from local.sandbox.throttle import PLANS


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    shops = tuple(args.shop or ["acme.myshopify.com"])
    app = create_app(
        Settings(
            api_key=args.api_key,
            api_secret=args.api_secret,
            redirect_uri=args.redirect_uri,
            app_url=args.app_url,
            catalog=args.catalog,
            plan=args.plan,
            state=args.state,
            shops=shops,
        )
    )
    try:
        app.extensions["sandbox"].shop(shops[0]).catalog  # noqa: B018 - a bad file is told now, not at the first login
        server = listening(app, args.port)
    except CatalogError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"sandbox: port {args.port} cannot be used ({error.strerror}); choose another", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _stop)
    print(f"sandbox ready: http://{HOST}:{server.port}", flush=True)
    try:
        server.serve_forever()
    except (KeyboardInterrupt, SystemExit):
        app.extensions["sandbox"].closing.set()
    finally:
        server.server_close()
    return 0


def _stop(*_: object) -> None:
    raise SystemExit(0)


def _shop(name: str) -> str:
    if not SHOP.fullmatch(name):
        raise argparse.ArgumentTypeError(f"{name!r} is not like acme.myshopify.com")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.sandbox",
        description="A stand-in Shopify on this machine: consent page, tokens, Admin API over a catalogue.",
        epilog="Faults on demand: see local/sandbox/faults.py; what a test may steer: local/sandbox/controls.py.",
    )
    add = parser.add_argument
    add("--port", type=int, required=True, help="where to listen on 127.0.0.1 (0: any free port)")
    add("--catalog", default="builtin", help="builtin, generate:N, or the CSV file of a Shopify product export")
    add("--plan", choices=PLANS, default="standard", help="how fast the query budget refills (standard)")
    add("--api-key", required=True, help="the app's client id")
    add("--api-secret", required=True, help="the app's client secret, which signs addresses")
    add("--redirect-uri", required=True, help="the one address a login may return to")
    add("--app-url", help="the app's own address; if not given, the redirect URI with /login for /callback")
    add("--state", type=Path, metavar="DIR", help="keep installs and tokens in DIR/sandbox.json between runs")
    add("--shop", type=_shop, action="append", help="a shop for the start page (acme.myshopify.com); may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
