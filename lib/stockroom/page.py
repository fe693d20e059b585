"""The pages a person sees, without I/O: plain HTML and one style sheet, no script, nothing loaded from anywhere."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1b19; --soft: #6b6860; --paper: #faf8f4; --card: #fff; --line: #e4e0d7;
  --good: #14683f; --good-bg: #e3f4ea; --bad: #9c2b1c; --bad-bg: #fbe9e6; --wait: #7a5200; --wait-bg: #fdf2d8; --link:
  #0b5cad }
@media (prefers-color-scheme: dark) { :root { --ink: #eceae4; --soft: #a5a198; --paper: #171614; --card: #211f1c;
  --line: #37342f; --good: #7fdba8; --good-bg: #12321f; --bad: #ff9d8d; --bad-bg: #401812; --wait: #ffd27a;
  --wait-bg: #3b2b05; --link: #8cc2ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 4rem }
.brand { color: var(--soft); font-size: .85rem; letter-spacing: .06em; text-transform: uppercase; margin: 0 0 1.5rem }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem }
p { margin: .4rem 0 }
a { color: var(--link) }
.lead { color: var(--soft); margin-bottom: 1.75rem; overflow-wrap: anywhere }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; margin: 0
0 .75rem;
  display: grid; grid-template-columns: 7rem 1fr; gap: .25rem 1rem; align-items: start }
.card h2 { font-size: 1rem; margin: 0 }
.card p { margin: 0; color: var(--soft); overflow-wrap: anywhere }
.badge { justify-self: start; border-radius: 999px; padding: .1rem .7rem; font-size: .85rem; font-weight: 600 }
.success { color: var(--good); background: var(--good-bg) }
.failed, .error { color: var(--bad); background: var(--bad-bg) }
.pending { color: var(--wait); background: var(--wait-bg) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .75rem; margin: 0 0 1.75rem }
dl div { border-left: 3px solid var(--line); padding-left: .75rem }
dt { color: var(--soft); font-size: .85rem }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums }
details { margin-top: 1.5rem }
summary { cursor: pointer; font-weight: 600 }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem; overflow: auto;
  font: 13px/1.5 ui-monospace, monospace; max-height: 34rem }
form { display: flex; gap: .5rem; flex-wrap: wrap; margin: 1.5rem 0 }
input, button, .button { font: inherit; padding: .6rem .9rem; border-radius: 8px; border: 1px solid var(--line) }
input { flex: 1 1 16rem; background: var(--card); color: var(--ink) }
button, .button { background: var(--ink); color: var(--paper); text-decoration: none; display: inline-block; cursor:
pointer }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    "default-src 'none'; style-src 'sha256-{hash}'; form-action {forms}; base-uri 'none'; frame-ancestors {frames}"
)
_TITLES = {
    400: "That did not work",
    401: "This request is not signed as it should be",
    403: "Nothing was connected",
    404: "Nothing here",
    409: "Done already",
    500: "Stockroom is not set up right",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page and the content security policy that fits it."""

    html: str
    policy: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a result: what was done, how it went, and if it did not go well, why and what to do."""

    title: str
    status: str
    message: str


def result(
    title: str,
    lead: str,
    counts: Mapping[str, int],
    checks: Sequence[Check],
    answer: Mapping[str, Any],
    part: Mapping[str, Any] | None = None,
) -> Document:
    """The page after a login: counts, a badge for each check, and the same JSON that a program gets.

    If that JSON is only a part, `part` has a `message` about it and perhaps a `link` to the whole.
    """
    figures = "".join(f"<div><dt>{escape(name)}</dt><dd>{count:,}</dd></div>" for name, count in counts.items())
    cards = "".join(_card(check) for check in checks)
    text = escape(json.dumps(answer, indent=2, ensure_ascii=False))
    body = f"<h1>{escape(title)}</h1><p class=lead>{escape(lead)}</p>"
    body += f"<dl>{figures}</dl>" if figures else ""
    cards += _part(part) if part else ""
    return _document(
        title, f"{body}{cards}<details open><summary>The same as JSON</summary><pre>{text}</pre></details>"
    )


def failure(status: int, message: str, again: str | None = None) -> Document:
    """The page when something could not be done; `again` is the address of a login that may help."""
    title = _TITLES.get(status, "That did not work")
    link = f"<p><a class=button href='{escape(again)}'>Log in again</a></p>" if again else ""
    return _document(title, f"<h1>{title}</h1><section class=card><span class='badge failed'>{status}</span>"
                            f"<p>{escape(message)}</p></section>{link}")  # fmt: skip


def notice(title: str, lead: str) -> Document:
    """A page that only tells something."""
    return _document(title, f"<h1>{escape(title)}</h1><p class=lead>{escape(lead)}</p>")


def question(title: str, lead: str, field: str, label: str, button: str) -> Document:
    """A page with one field to fill in; the form comes back to the same address."""
    return _document(
        title,
        f"<h1>{escape(title)}</h1><p class=lead>{escape(lead)}</p>"
        f"<form method=get><input name={field} placeholder='{escape(label)}' aria-label='{escape(label)}' "
        f"required autofocus autocomplete=off spellcheck=false><button>{escape(button)}</button></form>",
        forms="'self' https: http://localhost:*",
    )


def doorway(title: str, lead: str, address: str, button: str, frames: str) -> Document:
    """A page inside somebody's frame whose one link leaves it."""
    link = f"<a class=button href='{escape(address)}' target=_top>{escape(button)}</a>"
    return _document(title, f"<h1>{escape(title)}</h1><p class=lead>{escape(lead)}</p>{link}", frames=frames)


def _part(part: Mapping[str, Any]) -> str:
    link = f" <a href='{escape(part['link'])}'>The whole snapshot</a>" if "link" in part else ""
    return f"<p>{escape(part['message'])}{link}</p>"


def _card(check: Check) -> str:
    badge = f"<span class='badge {escape(check.status)}'>{escape(check.status)}</span>"
    return (
        f"<section class=card>{badge}<div><h2>{escape(check.title)}</h2><p>{escape(check.message)}</p></div></section>"
    )


def _document(title: str, body: str, *, forms: str = "'none'", frames: str = "'none'") -> Document:
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)} · Stockroom</title><style>{_STYLE}</style>"
        f"<main><p class=brand>Stockroom</p>{body}</main></html>"
    )
    return Document(html, _POLICY.format(hash=_STYLE_HASH, forms=forms, frames=frames))
