"""`python -m local.facebook`: a stand-in Facebook on this machine."""

import argparse
import signal
import sys
from pathlib import Path

from local.facebook.app import create_app
from local.facebook.server import delivering
from local.facebook.settings import PAGES_PERMISSIONS, Budgets, Settings
from local.sandbox.server import HOST, listening


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    app = create_app(_settings(args))
    try:
        server = listening(app, args.port)
    except OSError as error:
        print(f"facebook: port {args.port} cannot be used ({error.strerror}); choose another", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _stop)
    try:
        with delivering(app):
            print(f"sandbox Facebook ready: http://{HOST}:{server.port}", flush=True)
            server.serve_forever()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        server.server_close()
    return 0


def _stop(*_: object) -> None:
    raise SystemExit(0)


def _settings(args: argparse.Namespace) -> Settings:
    return Settings(
        app_id=args.app_id,
        app_secret=args.app_secret,
        redirect_uri=args.redirect_uri,
        state=args.state,
        config_id=args.config_id,
        config_permissions=tuple(args.config_permissions.split(",")),
        business_app=args.business_app,
        require_proof=not args.no_proof,
        long_tokens_expire=not args.no_expiry,
        deauthorize_url=args.deauthorize_url,
        deletion_url=args.deletion_url,
        budgets=Budgets(args.app_calls, args.person_calls, args.page_calls),
    )


def _calls(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of calls, at least 1")
    return int(text)


def _app_id(text: str) -> str:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError("an app id consists of digits")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.facebook",
        description="A stand-in Facebook on this machine: login dialog, tokens, Graph API for Pages, webhooks.",
        epilog="Faults on demand: see local/facebook/faults.py; what a test may steer: local/facebook/controls.py.",
    )
    add, budgets = parser.add_argument, Budgets()
    add("--port", type=int, required=True, help="where to listen on 127.0.0.1 (0: any free port)")
    add("--app-id", type=_app_id, required=True, help="the app's id")
    add("--app-secret", required=True, help="the app's secret, which signs webhooks and proves calls")
    add("--redirect-uri", required=True, help="the one address a login may return to")
    add("--state", type=Path, metavar="DIR", help="keep grants, tokens and edits in DIR/facebook.json between runs")
    add("--config-id", help="the app's login configuration for business (any number is taken if not given)")
    permissions = ",".join(PAGES_PERMISSIONS)
    add("--config-permissions", default=permissions, metavar="LIST", help=f"what it asks for ({permissions})")
    add("--business-app", action="store_true", help="no login without a configuration")
    add("--no-proof", action="store_true", help='the app\'s "Require App Secret" is off: calls need no appsecret_proof')
    add("--no-expiry", action="store_true", help="long-lived tokens do not expire, and come without expires_in")
    add("--deauthorize-url", metavar="URL", help="is told when a person removes the app")
    add("--deletion-url", metavar="URL", help="is told when a person asks for the deletion of their data")
    add(
        "--app-calls",
        type=_calls,
        default=budgets.app,
        metavar="N",
        help=f"calls of the app in an hour ({budgets.app})",
    )
    add("--person-calls", type=_calls, default=budgets.person, metavar="N", help=f"of a person ({budgets.person})")
    add("--page-calls", type=_calls, default=budgets.page, metavar="N", help=f"of a Page in 24 hours ({budgets.page})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
