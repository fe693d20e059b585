"""What went wrong, in words: the cause, the fix, and the status with which the platform would answer. Without I/O."""

from dataclasses import dataclass, field
from typing import Any

from local.gateway.activations import CONCURRENT, Activation
from local.gateway.answer import NoAnswerError
from local.gateway.outcome import MAX_BYTES, Ending
from local.gateway.project import Function


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failure, for a page or as JSON."""

    status: int
    title: str
    cause: str
    fix: str = ""
    function: str = ""
    activation: str = ""
    output: tuple[str, ...] = field(default=())
    """What the function wrote: a traceback, if it raised."""

    def json(self) -> dict[str, Any]:
        """As the platform's `{"error": ...}`, with what a developer needs besides."""
        fields = {
            "error": self.cause,
            "fix": self.fix,
            "function": self.function,
            "activationId": self.activation,
            "output": list(self.output),
        }
        return {name: value for name, value in fields.items() if value}


def of_ending(activation: Activation) -> Trouble | None:
    """Why an activation has no result of its own, unless it has one."""
    if activation.outcome.ending is Ending.RETURNED:
        return None
    status, title, cause, fix = _ENDINGS[activation.outcome.ending]
    values = _values(activation)
    return Trouble(
        status=status,
        title=title,
        cause=cause.format(**values),
        fix=fix.format(**values),
        function=activation.function.full_name,
        activation=activation.id,
        output=activation.lines,
    )


def of_answer(activation: Activation, problem: NoAnswerError) -> Trouble:
    """Why a result cannot be sent. An exception comes here too: the platform makes a result with `error` of it."""
    said = activation.outcome.result.get("error")
    raised = isinstance(said, str)
    return Trouble(
        status=400,
        title="The function raised an exception" if raised else "The result cannot be sent",
        cause=f"{activation.function.full_name} failed: {said}"
        if raised
        else f"{activation.function.full_name}: {problem}",
        fix=f"{_MEND} The platform says no more than “{problem}”" if raised else problem.hint,
        function=activation.function.full_name,
        activation=activation.id,
        output=activation.lines,
    )


def private(function: Function) -> Trouble:
    """A web call to a function that has no web address."""
    return Trouble(
        404,
        "This function is private",
        f"{function.full_name} is `web: false`: it has no web address, and the platform answers 404.",
        f"Invoke it by POST /api/v1/namespaces/_/actions/{function.full_name} with FUNCTIONS_ACCESS_KEY.",
        function.full_name,
    )


def nothing_here(path: str) -> Trouble:
    """An address that leads nowhere."""
    return Trouble(404, "Nothing here", f"No function answers at {path}.", "The start page lists the functions.")


def wrong_web_secret(function: Function) -> Trouble:
    """A web call without the secret that `webSecure` demands."""
    return Trouble(
        401,
        "Not allowed",
        f"{function.full_name} is `webSecure`: the header X-Require-Whisk-Auth must hold its secret.",
        function=function.full_name,
    )


def too_large(function: Function) -> Trouble:
    """A request over the platform's limit."""
    return Trouble(
        413,
        "The request is too large",
        f"This request to {function.full_name} has more than the {MAX_BYTES:,} bytes that a function's input may have.",
        "This limit cannot be raised: send less, or upload to Spaces by a presigned address.",
        function.full_name,
    )


def too_many() -> Trouble:
    """More calls at once than the platform allows."""
    return Trouble(
        429,
        "Too many calls at once",
        f"{CONCURRENT} activations are at work, which is all the platform allows.",
        "Try again.",
    )


def not_ready(function: Function, activation: str) -> Trouble:
    """A web call that takes longer than the platform waits."""
    return Trouble(
        202,
        "Response not yet ready",
        f"{function.full_name} has worked for 30 seconds; the platform waits no more. It goes on; its result is lost.",
        "Answer sooner, and do the rest in a private function that is invoked without waiting.",
        function.full_name,
        activation,
    )


def no_process(function: Function, reason: str) -> Trouble:
    """This machine failed, not the function."""
    return Trouble(
        503, "The gateway could not run it", f"{function.full_name} did not run: {reason}", function=function.full_name
    )


_MEND = "Mend the line that the traceback names, or catch the exception and return what its caller should be told."

_ENDINGS = {
    Ending.NOT_STARTED: (
        502,
        "The function could not be started",
        "{name} could not be imported: {detail}",
        "Its output below shows the line. The platform says no more than “There was an error processing your request.”",
    ),
    Ending.CRASHED: (
        502,
        "The function's process ended",
        "{name} ended its process before it returned a result: {detail}.",
        "Return a dictionary that JSON can hold: no bytes, no datetime, no coroutine; and never call sys.exit.",
    ),
    Ending.TIMED_OUT: (
        504,
        "The function took too long",
        "{name} was stopped after {timeout} ms. What it had printed without flush is lost, as on the platform.",
        "Raise limits.timeout of {name} in project.yml, or do less in one call.",
    ),
    Ending.OUT_OF_MEMORY: (
        502,
        "The function used too much memory",
        "{name} was stopped: it used {detail}, and limits.memory allows {memory} MB.",
        "Raise limits.memory of {name} in project.yml (1024 at most), or hold less at once.",
    ),
    Ending.NO_DICTIONARY: (
        502,
        "The function returned no dictionary",
        "{name} must return a dictionary that is valid JSON, and returned {detail}.",
        'Return {{"statusCode": 200, "body": ...}}.',
    ),
    Ending.TOO_LARGE: (
        502,
        "The result is too large",
        "{name} returned {detail}.",
        "The platform's limit of 1 MB for a result cannot be raised: return a part, and a link to the rest in Spaces.",
    ),
}


def _values(activation: Activation) -> dict[str, object]:
    function = activation.function
    return {
        "name": function.full_name,
        "detail": activation.outcome.detail or "no reason given",
        "timeout": f"{function.limits.timeout:,}",
        "memory": function.limits.memory,
    }
