"""The gateway's own pages: plain HTML, no script, nothing loaded from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from local.gateway.project import Function, Project
from local.gateway.trouble import Trouble

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action *; frame-ancestors 'none'"

_templates = Environment(
    loader=PackageLoader("local.gateway"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the data lies. The keys are those of this machine's stand-in; real ones are never shown."""

    endpoint: str
    name: str
    region: str
    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What runs besides the functions."""

    address: str
    bucket: Bucket
    sandbox: str = ""
    """The address of the stand-in Shopify's admin; "" if it is the real Shopify."""
    facebook: str = ""
    """The same for Facebook."""


def start(project: Project, surroundings: Surroundings) -> str:
    """The page at `/`."""
    functions = sorted(project.functions.values(), key=lambda function: function.full_name)
    return _templates.get_template("start.html").render(
        rows=[(function, _calls(function)) for function in functions],
        packages={function.package for function in functions},
        warnings=project.warnings,
        surroundings=surroundings,
    )


def trouble(problem: Trouble) -> str:
    """The page about a failure."""
    return _templates.get_template("trouble.html").render(trouble=problem)


def _calls(function: Function) -> Sequence[str]:
    """How it is reached: an address, and its schedules."""
    schedules = [f"schedule {trigger.sourceDetails.cron}" for trigger in function.triggers]
    if function.web is False:
        return ["private, by the API", *schedules]
    return [f"/{function.full_name}", *schedules]
