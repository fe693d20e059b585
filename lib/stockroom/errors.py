"""Everything that can go wrong, sorted by whose fault it is.

    StockroomError
    ├── SetupError          the operator: a variable, a key, the bucket                     500
    ├── CallerError         whoever sent this request                                       400
    │   └── Unauthorised    its signature is missing or wrong                               401
    ├── OwnerError          the shop's owner has to do something: approve, pay              403
    │   └── LoginNeeded     the stored token is dead: log in again                          403
    ├── ProviderError       Shopify or Facebook failed us                                   502
    │   └── ProviderBusy    it asks us to wait                                              503
    │       └── OutOfTime   the caller has to end before the answer could be there          503
    └── StorageError        Spaces cannot be reached or failed                              503
        └── Conflict        another worker wrote first: look again                          409

A message is one sentence or two: the cause, then the fix. It may be shown to anybody, so it never holds a secret.
"""

from typing import ClassVar


class StockroomError(Exception):
    """Any failure that we can name. `status` is the HTTP status that an answer about it carries."""

    default_status: ClassVar[int] = 500

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or self.default_status


class SetupError(StockroomError):
    """The operator has to change a setting; the message names the variable."""


class CallerError(StockroomError):
    """The request itself is at fault."""

    default_status = 400


class Unauthorised(CallerError):
    """The request does not prove who sent it."""

    default_status = 401


class OwnerError(StockroomError):
    """Only the owner of the shop or Page can put this right; `again` is where to log in once more, if known."""

    default_status = 403

    def __init__(self, message: str, *, status: int | None = None, again: str | None = None) -> None:
        super().__init__(message, status=status)
        self.again = again


class LoginNeeded(OwnerError):
    """The provider does not accept the stored token any more."""


class ProviderError(StockroomError):
    """Shopify or Facebook answered with something we cannot use, or not at all."""

    default_status = 502


class ProviderBusy(ProviderError):
    """The provider asks us to come back later. `wait` is in seconds."""

    default_status = 503

    def __init__(self, message: str, *, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class OutOfTime(ProviderBusy):
    """The next answer could not be there before the caller has to end."""


class StorageError(StockroomError):
    """Spaces failed; the same call may succeed later."""

    default_status = 503


class Conflict(StorageError):
    """Someone else wrote this object first."""

    default_status = 409
