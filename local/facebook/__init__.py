"""A stand-in Facebook for this machine: consent dialog, tokens, Graph API for Pages, webhooks, faults on demand.

It shares no code with `lib/stockroom`: two readings of one documentation, so that each checks the other.
Dialogs lie under `http://localhost:PORT/www/v26.0/`, the Graph API under `http://localhost:PORT/graph/v26.0/`,
the pages on which a person edits Pages under `/`, and what a test steers under `/_sandbox/` (see controls.py).

    python -m local.facebook --port 5003 --app-id 1234567890 --app-secret S --redirect-uri U

In tests `create_app(Settings(...), Clock(lambda: 1_700_000_000.0))` (local.facebook.app) is a WSGI application, and
`serving(app)` (local.facebook.server) runs it in a thread, with its webhooks.
"""
