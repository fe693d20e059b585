"""A stand-in Shopify for this machine: consent page, tokens, Admin API over a catalogue, faults on demand.

It shares no code with `lib/stockroom`: two readings of one documentation, so that each checks the other.
Shop `acme.myshopify.com` lives under `http://127.0.0.1:PORT/acme.myshopify.com`; any other such name works too.

    python -m local.sandbox --port 5001 --catalog builtin --api-key K --api-secret S --redirect-uri U

In tests `create_app(Settings(...), Clock(lambda: 1_700_000_000.0))` (local.sandbox.app) is a WSGI application, and
`serving(app)` (local.sandbox.server) runs it in a thread.
"""
