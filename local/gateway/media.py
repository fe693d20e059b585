"""Media types as the platform sorts them: text travels as a string, anything else as base64."""

from email.message import Message

_TEXT = frozenset({
    "application/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/javascript",
    "application/ecmascript",
    "application/graphql",
})  # fmt: skip


def kind(content_type: str) -> str:
    """`text/html` of `Text/HTML; charset=utf-8`; "" if there is none."""
    return content_type.partition(";")[0].strip().lower()


def charset(content_type: str) -> str | None:
    """The charset that a content type names."""
    message = Message()
    message["content-type"] = content_type
    return message.get_content_charset()


def is_json(media_type: str) -> bool:
    """JSON itself and its family, such as application/problem+json."""
    return media_type == "application/json" or media_type.endswith("+json")


def is_binary(content_type: str) -> bool:
    """Whether a body of this type travels as base64. A type unknown to the platform is text if it names a charset."""
    media_type = kind(content_type)
    if media_type.startswith("text/") or media_type in _TEXT or is_json(media_type):
        return False
    return charset(content_type) is None
