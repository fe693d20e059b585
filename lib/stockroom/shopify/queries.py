"""The GraphQL operations, one file each in `graphql/`, with the fragments that they use."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("graphql")
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")
_COMMENT = re.compile(r"#.*")


@cache
def operation(name: str) -> str:
    """The text to send for one operation: its own file, then every fragment it spreads, directly or not."""
    texts = {name: _text(FOLDER / f"{name}.graphql")}
    waiting = [name]
    while waiting:
        for fragment in _SPREAD.findall(texts[waiting.pop()]):
            if fragment not in texts:
                texts[fragment] = _text(FOLDER / "fragments" / f"{fragment}.graphql")
                waiting.append(fragment)
    return "\n".join(texts.values())


def names() -> list[str]:
    """The operations there are."""
    return sorted(file.stem for file in FOLDER.glob("*.graphql"))


def _text(file: Path) -> str:
    """A file without its comments and indentation, which Shopify need not receive."""
    lines = (_COMMENT.sub("", line).strip() for line in file.read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line)
