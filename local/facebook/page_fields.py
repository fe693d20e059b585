"""The Page node's fields, and which of them a webhook tells about."""

from pathlib import Path

DATA = Path(__file__).parent / "data"

FIELDS = frozenset((DATA / "page_fields.txt").read_text(encoding="utf-8").split())
"""All 154 of facebook-business 26.0.3, without the five that v26.0 took away: current_location, genre, network, parking
and start_info. Whoever asks for one of those gets #100."""

EDGES = frozenset({"picture"})
BASIC = frozenset({"id", "name", "category", "category_list", "link", "access_token", "tasks"})
"""What a user token may read of any Page it was given, and all that needs no more than pages_show_list."""
PORTFOLIO = frozenset({"business", "owner_business"})

# A field that holds objects -> what kind they are, and the fields of that kind.
OBJECTS: dict[str, tuple[str, frozenset[str]]] = {
    "category_list": ("PageCategory", frozenset({"id", "name", "api_enum", "fb_page_categories"})),
    "location": (
        "Location",
        frozenset(
            {
                *("city", "city_id", "country", "country_code", "latitude", "longitude"),
                *("located_in", "name", "region", "region_id", "state", "street", "zip"),
            }
        ),
    ),
    "cover": ("CoverPhoto", frozenset({"id", "cover_id", "source", "offset_x", "offset_y"})),
    "picture": (
        "ProfilePictureSource",
        frozenset({"url", "is_silhouette", "height", "width", "cache_key"}),
    ),
    "payment_options": (
        "PagePaymentOptions",
        frozenset({"amex", "cash_only", "discover", "mastercard", "visa"}),
    ),
    "messaging_feature_status": (
        "MessagingFeatureStatus",
        frozenset({"hop_v2", "ig_multi_app", "msgr_multi_app"}),
    ),
    "engagement": ("Engagement", frozenset({"count", "social_sentence"})),
    "business": ("Business", frozenset({"id", "name"})),
    "owner_business": ("Business", frozenset({"id", "name"})),
}

SUBSCRIBABLE = frozenset((DATA / "webhook_fields.txt").read_text(encoding="utf-8").split())
"""What an app may subscribe to: `subscribed_fields` of facebook-business 26.0.3."""

WITH_VALUE = frozenset({"name", "category", "company_overview", "founded", "general_info", "mission", "products"})
"""Of these a webhook tells the new value, of all others only that they changed."""


def webhook_field(field: str) -> str | None:
    """What a change of a Page's field is called in a webhook; of some, `about` among them, there is none."""
    renamed = {"emails": "email", "single_line_address": "location"}.get(field, field)
    return renamed if renamed in SUBSCRIBABLE else None


def is_of_messenger(field: str) -> bool:
    """Whether subscribing to it takes pages_messaging."""
    return field == "standby" or field.startswith(("messages", "messaging_", "message_"))
