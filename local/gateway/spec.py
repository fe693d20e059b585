"""What may stand in project.yml: every key the platform knows, and no other.

The platform's own check has no schema to copy; this one follows its documentation and its deployer's behaviour.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from local.gateway.errors import ProjectError

_RESERVED = ("require-whisk-auth", "web-export", "raw-http")
_ONLY_ON_THE_PLATFORM = ("file", "docker", "sequence", "binding")


def _unreserved(values: dict[str, Any]) -> dict[str, Any]:
    for name in _RESERVED:
        if name in values:
            raise ValueError(f"{name} is the platform's own")
    return values


def _web(value: object) -> object:
    if isinstance(value, bool) or value == "raw":
        return value
    raise ValueError("must be true, false or raw")


def _web_secure(value: object) -> object:
    if value is False or isinstance(value, str):
        return value
    raise ValueError("must be false, or a secret in quotes")


Name = Annotated[str, Field(pattern=r"^\w[\w@ .-]*$")]
Environment = Annotated[dict[str, str], AfterValidator(_unreserved)]
Annotations = Annotated[dict[str, Any], AfterValidator(_unreserved)]
Runtime = Literal["python:3.9", "python:3.11", "python:3.12", "python:3.13", "python:default"]
Web = Annotated[Any, AfterValidator(_web)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limits(_Strict):
    """Milliseconds, MB, KB; the defaults and ranges are the platform's."""

    timeout: Annotated[int, Field(ge=100, le=900_000)] = 3_000
    memory: Annotated[int, Field(ge=128, le=1_024)] = 256
    logs: Annotated[int, Field(ge=0, le=256)] = 256


class Schedule(_Strict):
    """When, and with which event."""

    cron: Annotated[str, Field(pattern=r"^[\d*/,-]+( +[\d*/,-]+){4}$")]
    withBody: dict[str, Any] = {}  # noqa: N815 - the platform's name


class Trigger(_Strict):
    """A schedule under its name."""

    name: Name
    sourceType: Literal["scheduler"]  # noqa: N815
    enabled: bool = True
    sourceDetails: Schedule  # noqa: N815


class Function(_Strict):
    name: Name
    runtime: Runtime = "python:default"
    main: str = "main"
    binary: bool | None = None
    remoteBuild: bool | None = None  # noqa: N815
    localBuild: bool | None = None  # noqa: N815
    web: Web = None
    webSecure: Annotated[Any, AfterValidator(_web_secure)] = False  # noqa: N815
    environment: Environment = {}
    parameters: dict[str, Any] = {}
    annotations: Annotations = {}
    limits: Limits = Field(default_factory=Limits)
    triggers: list[Trigger] = []


class Package(_Strict):
    name: Name
    functions: list[Function] = Field([], validation_alias=AliasChoices("functions", "actions"))
    shared: bool = False
    web: Web = None
    environment: Environment = {}
    parameters: dict[str, Any] = {}
    annotations: Annotations = {}


class Project(_Strict):
    targetNamespace: str = ""  # noqa: N815
    packages: list[Package] = []
    environment: dict[str, Any] = {}  # only here may a value be no string; it reaches the function as JSON
    parameters: dict[str, Any] = {}


def parse(text: str) -> Project:
    """The project that this YAML, its variables already in place, describes; raises a ProjectError with every place."""
    if "\t" in text:
        line = text[: text.index("\t")].count("\n") + 1
        raise ProjectError(f"project.yml, line {line}: tabs are not allowed, indent with spaces.")
    try:
        document = yaml.load(text, _Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        raise ProjectError(f"project.yml is not valid YAML: {_without_excerpt(error)}") from None
    try:
        return Project.model_validate(_without_empty(document))
    except ValidationError as error:
        problems = "; ".join(_problem(document, dict(item)) for item in error.errors())
        raise ProjectError(f"project.yml: {problems}.") from None


class _Loader(yaml.SafeLoader):
    """YAML as the platform reads it: only true and false are booleans, and no key may stand twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value} is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return node


_BOOLEAN = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))


def _without_excerpt(error: yaml.YAMLError) -> str:
    """The problem and its place; not the line itself, which may hold a secret by now."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    return f"{problem}, line {mark.line + 1}" if mark else "it cannot be read"


def _without_empty(value: object) -> Any:
    """The platform skips a key that has no value."""
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value


_PLAINLY = {"missing": "is missing", "string_type": "must be a string, put it in quotes"}


def _problem(document: object, error: dict[str, Any]) -> str:
    """One problem: `packages shopify, functions login, limits: unknown key concurrency`."""
    *place, last = error["loc"] or ("",)
    where = ", ".join(_steps(document, place))
    if error["type"] == "extra_forbidden":
        what = "is not supported by the gateway" if last in _ONLY_ON_THE_PLATFORM else "is not a key the platform knows"
    else:
        message = error["msg"].removeprefix("Value error, ").replace("Input should", "must")
        what = _PLAINLY.get(error["type"], message)
    return f"{where}: {last} {what}".removeprefix(": ")


def _steps(document: Any, place: Sequence[str | int]) -> Iterator[str]:
    """The way to a place, in which a list's item is called by its own name."""
    words: list[str] = []
    for step in place:
        document = _inside(document, step)
        if isinstance(step, int) and words:
            name = document.get("name", f"no. {step + 1}") if isinstance(document, dict) else f"no. {step + 1}"
            words[-1] += f" {name}"
        else:
            words.append(str(step))
    yield from words


def _inside(document: Any, step: str | int) -> Any:
    """What a list or dictionary holds there, or None."""
    try:
        return document[step]
    except (IndexError, KeyError, TypeError):
        return None
