"""The program inside a function's own process: imports the function, then runs it once for each line that it is given.

    python -I launcher.py COMMANDS RESULTS      (two open file descriptors)

Both are lines of JSON, as on the platform. The first is {"env", "main"}, answered with {"ok": true}; each further
one is {"value", "context"}, answered with what the function returned, or {"error": "..."} if it raised. Whatever the
platform's launcher does not survive (a result that is no JSON, `sys.exit`), this one does not survive either.

Nothing heavy is imported: every cold start goes through here.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Command = dict[str, Any]

END_OF_OUTPUT = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"


class Context:
    """The function's second argument."""

    def __init__(self) -> None:
        env = os.environ
        self.function_name = env["__OW_ACTION_NAME"]
        self.function_version = env["__OW_ACTION_VERSION"]
        self.activation_id = env["__OW_ACTIVATION_ID"]
        self.request_id = env["__OW_TRANSACTION_ID"]
        self.deadline = int(env["__OW_DEADLINE"])
        self.api_host = env["__OW_API_HOST"]
        self.api_key = env.get("__OW_API_KEY", "")
        self.namespace = env["__OW_NAMESPACE"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the platform kills this process."""
        return max(0, self.deadline - int(time.time() * 1000))


def arrange_imports() -> None:
    """Installed packages first, as a bundled virtualenv would be; the function's own folder last."""
    installed = [path for path in sys.path if path.endswith("site-packages")]
    rest = [path for path in sys.path if path not in installed]
    sys.path[:] = [*installed, *rest, os.getcwd()]  # noqa: PTH109 - pathlib costs milliseconds


def load(command: Command) -> Callable[..., Any]:
    """The function itself, with nothing in its environment but what is its own."""
    os.environ.clear()
    os.environ.update(command["env"])
    arrange_imports()
    function: Callable[..., Any] = getattr(__import__("main__"), command["main"])
    return function


def call(function: Callable[..., Any], command: Command) -> Any:
    """What the function returned; the platform looks at how many arguments it declares."""
    os.environ.update({f"__OW_{name.upper()}": str(value) for name, value in command["context"].items()})
    arguments = (command["value"], Context())
    result = function(*arguments[: function.__code__.co_argcount])
    return result or {}


def guarded(action: Callable[[Command], Any], command: Command) -> Any:
    """The action's result, or its exception as the platform passes it on; the traceback goes to stderr."""
    try:
        return action(command)
    except Exception as error:  # noqa: BLE001 - whatever the function raises
        import traceback  # noqa: PLC0415 - seldom needed

        within = error.__traceback__
        while within and within.tb_frame.f_code.co_filename == __file__:
            within = within.tb_next  # from here on it is the function's own code
        traceback.print_exception(error.with_traceback(within or error.__traceback__))
        return {"error": str(error)}


def end_output() -> None:
    """Mark where this activation's output ends, past whatever the function did to sys.stdout."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__):
        if stream:
            stream.flush()
    os.write(1, f"{END_OF_OUTPUT}\n".encode())


def main() -> None:
    """Answer commands until there are no more."""
    for descriptor in sys.argv[1:]:
        os.set_inheritable(int(descriptor), False)  # not for the function's own children
    with open(int(sys.argv[1]), encoding="utf-8") as commands, open(int(sys.argv[2]), "wb") as results:  # noqa: PTH123

        def answer(result: object) -> None:
            line = json.dumps(result, ensure_ascii=False).encode()
            end_output()
            results.write(line + b"\n")
            results.flush()

        functions: list[Callable[..., Any]] = []

        def start(command: Command) -> Command:
            functions.append(load(command))
            return {"ok": True}

        answer(guarded(start, json.loads(commands.readline())))
        for line in commands if functions else ():
            answer(guarded(lambda command: call(functions[0], command), json.loads(line)))


if __name__ == "__main__":
    main()
