"""Graph API errors: their shape, and the words that Facebook has for each code."""

import secrets
from dataclasses import dataclass

OAUTH = "OAuthException"
METHOD = "GraphMethodException"
BATCH = "GraphBatchException"

MESSAGES = {
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    3: "Application does not have the capability to make this API call.",
    4: "(#4) Application request limit reached",
    10: "(#10) Application does not have permission for this action",
    17: "(#17) User request limit reached",
    32: "(#32) Page request limit reached",
    100: "(#100) Invalid parameter",
    102: "Session key invalid or no longer valid",
    104: "An access token is required to request this resource.",
    190: "Invalid OAuth access token - Cannot parse access token",
    200: "(#200) Permissions error",
    210: "(#210) A page access token is required to request this resource.",
    341: "(#341) Application limit reached",
    368: "(#368) The action attempted has been deemed abusive or is otherwise disallowed",
    613: "(#613) Calls to this api have exceeded the rate limit.",
    2500: "Error parsing graph query",
    2635: "(#2635) You are calling a deprecated version of the API.",
    2642: "(#2642) Invalid cursors values",
    80001: "(#80001) There have been too many calls to this Page account. Wait a bit and try again.",
}

# 190 with a subcode; {app} is the app's id.
SESSION_MESSAGES = {
    458: "Error validating access token: The user has not authorized application {app}.",
    459: "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the "
    "instructions given.",
    460: "Error validating access token: The session has been invalidated because the user changed their password or "
    "Facebook has changed the session for security reasons.",
    463: "Error validating access token: Session has expired. The current time is later.",
    464: "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed "
    "user.",
    467: "Error validating access token: This may be because the user logged out or may be due to a system error.",
    490: "Error validating access token: The user is enrolled in a blocking, logged-in checkpoint",
    492: "Error validating access token: The user does not have a sufficient role on the Page.",
    493: "Error validating access token: The user has not used the app for 90 days.",
    2069032: "A Page access token is required for this call for the new Pages experience.",
}
THROTTLED = {4, 17, 32, 341, 613, 80001}
SERVER_SIDE = {1, 2}


@dataclass(eq=False)
class GraphError(Exception):
    """What an `error` object says, and the HTTP status around it."""

    code: int | None
    message: str = ""
    subcode: int | None = None
    type: str = OAUTH
    transient: bool = False
    data: str | None = None
    """`error_data`: JSON in a string, as the real one sometimes has it."""
    minutes: int | None = None
    """Of a throttled call: until when."""

    @property
    def status(self) -> int:
        return 500 if self.code in SERVER_SIDE else 400

    def body(self) -> dict[str, object]:
        """As it is answered."""
        error: dict[str, object] = {"message": self.message or MESSAGES.get(self.code or 0, "Error"), "type": self.type}
        optional = {"code": self.code, "error_subcode": self.subcode, "error_data": self.data}
        error |= {name: value for name, value in optional.items() if value is not None}
        if self.transient or self.code == 2:
            error["is_transient"] = True
        return {"error": error | {"fbtrace_id": "A" + secrets.token_urlsafe(16)}}


def bad_parameter(said: str) -> GraphError:
    return GraphError(100, f"(#100) {said}")


def bad_session(subcode: int, app_id: str) -> GraphError:
    return GraphError(190, SESSION_MESSAGES[subcode].format(app=app_id), subcode)


def no_such_field(name: str, node_type: str) -> GraphError:
    return bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node_type})")


def no_such_object(method: str, name: str) -> GraphError:
    said = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return GraphError(100, said, 33, METHOD)


def no_public_access() -> GraphError:
    """Reading a Page that the app has not been given."""
    return GraphError(
        10,
        "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' "
        "feature. Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages.",
    )


def missing_permission(permission: str) -> GraphError:
    return GraphError(200, f"(#200) Requires {permission} permission to manage the object")


def unknown_path(path: str) -> GraphError:
    return GraphError(2500, f"Unknown path components: /{path}")
