"""`${NAME}` in project.yml, replaced as the platform's deployer does: in the text, comments too, before it is YAML."""

import json
import re
from collections.abc import Callable, Mapping

from local.gateway.errors import ProjectError

# An end that is missing is matched as well, so that it can be told.
_SYMBOL = re.compile(r"\$\{(?P<braces>[^}]*)(?P<end>}?)|\$\((?P<parentheses>[^)]*)(?P<end_parenthesis>\)?)")


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """`text` with every variable's value in place; raises a ProjectError that names all that are missing or empty."""
    missing: dict[str, None] = {}  # a set that keeps the order

    def value(name: str) -> str:
        if not variables.get(name):
            missing[name] = None
        return variables.get(name, "")

    def replacement(symbol: re.Match[str]) -> str:
        if not (symbol["end"] or symbol["end_parenthesis"]):
            raise ProjectError(f"project.yml: a ${{ or $( is not closed: {symbol[0][:40].splitlines()[0]}")
        return _form(symbol["braces"], symbol["parentheses"], value)

    result = _SYMBOL.sub(replacement, text)
    if missing:
        raise ProjectError(
            f"project.yml names variables that are missing or empty: {', '.join(missing)}. Set them in .env (the word "
            "`none` stands for one that is not used), or take them out of project.yml, even from its comments."
        )
    return result


def _form(braces: str | None, parentheses: str | None, value: Callable[[str], str]) -> str:
    """One symbol's replacement: `${A}`, `${|A}` with its newlines kept, or the dictionary `$(A B)`."""
    names = (braces if braces is not None else parentheses or "").strip()
    if names.startswith("<"):
        raise ProjectError(f"project.yml: ${{{names}}} includes a file, which only the platform can; use variables.")
    if braces is None or len(names.split()) > 1:
        return json.dumps({name: value(name) for name in names.split()})
    if names.startswith("|"):
        return value(names[1:].strip())
    return value(names).replace("\n", "\\n")
