"""What the functions are given in the tests; the values that must never show are listed in SECRETS."""

import base64

SHOP = "acme.myshopify.com"
VERSION = "2026-10"
API_KEY = "0123456789abcdef0123456789abcdef"
API_SECRET = "shpss_present-secret-of-the-app"
OLD_API_SECRET = "shpss_previous-secret-of-the-app"
FUNCTIONS_KEY = "dof_v1_0123456789:secret-of-the-namespace"
HOST = "https://faas-nyc1-0123.doserverless.co/api/v1/web/fn-01234567"
REDIRECT_URI = f"{HOST}/shopify/callback"
WEBHOOK_ADDRESS = f"{HOST}/shopify/webhook"
WAKE_ADDRESS = "https://faas-nyc1-0123.doserverless.co/api/v1/namespaces/_/actions/shopify/sync"
FACEBOOK_APP_ID = "1234567890123456"
FACEBOOK_SECRET = "secret-of-the-facebook-app"
FACEBOOK_VERIFY_TOKEN = "verify-token-of-more-than-32-characters"
FACEBOOK_REDIRECT_URI = f"{HOST}/facebook/callback"
FACEBOOK_WEBHOOK_ADDRESS = f"{HOST}/facebook/webhook"
FACEBOOK_SCOPES = "pages_show_list,pages_manage_metadata,pages_read_engagement"
STATE_SECRET = "a-secret-of-the-state-of-more-than-32-characters"
SPACES_SECRET = "secret-of-the-spaces-access-key"
SEALING_KEY = base64.b64encode(b"k" * 32).decode()

ENVIRONMENT = {
    "SHOPIFY_API_KEY": API_KEY,
    "SHOPIFY_API_SECRET": API_SECRET,
    "SHOPIFY_API_SECRET_OLD": "none",
    "SHOPIFY_REDIRECT_URI": REDIRECT_URI,
    "SHOPIFY_WEBHOOK_ADDRESS": WEBHOOK_ADDRESS,
    "SHOPIFY_API_VERSION": VERSION,
    "SHOPIFY_SANDBOX_URL": "none",
    "FACEBOOK_APP_ID": FACEBOOK_APP_ID,
    "FACEBOOK_APP_SECRET": FACEBOOK_SECRET,
    "FACEBOOK_REDIRECT_URI": FACEBOOK_REDIRECT_URI,
    "FACEBOOK_WEBHOOK_ADDRESS": FACEBOOK_WEBHOOK_ADDRESS,
    "FACEBOOK_REPLACES_WEBHOOK": "none",
    "FACEBOOK_VERIFY_TOKEN": FACEBOOK_VERIFY_TOKEN,
    "FACEBOOK_API_VERSION": "v26.0",
    "FACEBOOK_SCOPES": FACEBOOK_SCOPES,
    "FACEBOOK_CONFIG_ID": "none",
    "FACEBOOK_SANDBOX_URL": "none",
    "STATE_TOKEN_SECRET": STATE_SECRET,
    "TOKEN_KEYS": f"2026-11:{SEALING_KEY}",
    "FUNCTIONS_ACCESS_KEY": FUNCTIONS_KEY,
    "SPACES_ACCESS_KEY": "DO00TEST",
    "SPACES_SECRET_KEY": SPACES_SECRET,
    "SPACES_BUCKET": "stockroom-functions",
    "SPACES_PRIVATE_BUCKET": "none",
    "SPACES_REGION": "nyc3",
}

OPTIONAL = {
    "SHOPIFY_API_SECRET_OLD",
    "SHOPIFY_SANDBOX_URL",
    "FACEBOOK_REPLACES_WEBHOOK",
    "FACEBOOK_CONFIG_ID",
    "FACEBOOK_SANDBOX_URL",
    "SPACES_PRIVATE_BUCKET",
    "SPACES_ENDPOINT",
}

SECRETS = (API_SECRET, OLD_API_SECRET, FACEBOOK_SECRET, FACEBOOK_VERIFY_TOKEN, FUNCTIONS_KEY,
           FUNCTIONS_KEY.partition(":")[2], STATE_SECRET, SPACES_SECRET, SEALING_KEY)  # fmt: skip
