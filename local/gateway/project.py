"""project.yml and packages/ → the functions that a deployment would make of them.

Whatever lies under packages/ is deployed, listed in project.yml or not, and what is not listed becomes public. The
gateway runs that as well, and warns.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from local.gateway import spec
from local.gateway.errors import ProjectError
from local.gateway.template import substitute

Web = bool | Literal["raw"]

_NOT_DEPLOYED = (".gitignore", ".DS_Store", ".git")
_NOT_DEPLOYED_PARTS = (".nimbella", ".deployed", "_tmp_", ".#")
_NOT_DEPLOYED_ENDS = ("~", ".swp", ".swx")


@dataclass(frozen=True, slots=True)
class Function:
    """One function as the platform would know it."""

    package: str
    name: str
    source: Path
    """Its folder, or its one file."""
    web: Web = True
    web_secret: str | None = None
    main: str = "main"
    runtime: str = "python:default"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, Any] = field(default_factory=dict)
    limits: spec.Limits = field(default_factory=spec.Limits)
    triggers: tuple[spec.Trigger, ...] = ()

    @property
    def full_name(self) -> str:
        """As in `shopify/login`."""
        return f"{self.package}/{self.name}"

    @property
    def answers_options(self) -> bool:
        """Whether it does itself what the platform does about CORS otherwise."""
        return self.annotations.get("web-custom-options") is True


@dataclass(frozen=True, slots=True)
class Project:
    """All functions, by full name, and what a deployment would bring that nobody asked for."""

    functions: Mapping[str, Function]
    warnings: tuple[str, ...] = ()

    def function(self, package: str, name: str) -> Function | None:
        """The function of that name, if there is one."""
        return self.functions.get(f"{package}/{name}")


def read(root: Path, variables: Mapping[str, str]) -> Project:
    """The project in folder `root`; raises a ProjectError where the platform's deployer would refuse it."""
    try:
        text = (root / "project.yml").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProjectError("There is no project.yml here; start this in the project's own folder.") from None
    listed = list(_listed(spec.parse(substitute(text, variables)), root))
    absent = [function.full_name for function in listed if not function.source.exists()]
    if absent:
        raise ProjectError(f"project.yml lists {', '.join(absent)}, but packages/ has no such folder or file.")
    functions = {function.full_name: function for function in listed}
    warnings = [*_other_pythons(listed)]
    for path in _deployed(root / "packages"):
        function = Function(path.parent.name, path.stem if path.is_file() else path.name, path)
        if function.full_name in functions:
            continue
        warnings.append(_unlisted(function, path.relative_to(root)))
        if _is_python(path):
            functions[function.full_name] = function
    return Project(functions, tuple(warnings))


def _listed(project: spec.Project, root: Path) -> Iterator[Function]:
    for package in project.packages:
        for function in package.functions:
            yield Function(
                package=package.name,
                name=function.name,
                source=_source(root / "packages" / package.name, function.name),
                web=next((web for web in (function.web, package.web) if web is not None), True),
                web_secret=function.webSecure or None,
                main=function.main,
                runtime=function.runtime,
                environment={**_as_text(project.environment), **package.environment, **function.environment},
                parameters={**project.parameters, **package.parameters, **function.parameters},
                annotations={**package.annotations, **function.annotations},
                limits=function.limits,
                triggers=tuple(function.triggers),
            )


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _source(package: Path, name: str) -> Path:
    folder, file = package / name, package / f"{name}.py"
    return file if file.is_file() and not folder.exists() else folder


def _deployed(packages: Path) -> Iterator[Path]:
    """Everything that becomes a function: each entry of each package's folder."""
    for package in sorted(path for path in packages.glob("*") if path.is_dir()):
        yield from sorted(path for path in package.iterdir() if not is_left_out(path.name))


def is_left_out(name: str) -> bool:
    """Whether the deployer never looks at a file of this name."""
    return (
        name in _NOT_DEPLOYED or name.endswith(_NOT_DEPLOYED_ENDS) or any(part in name for part in _NOT_DEPLOYED_PARTS)
    )


def _is_python(path: Path) -> bool:
    return path.suffix == ".py" if path.is_file() else any(path.glob("*.py"))


def _unlisted(function: Function, place: Path) -> str:
    if not _is_python(function.source):
        return (
            f"{place} is not in project.yml and has no Python code: the deployment would report a failure for it. "
            "Only functions belong under packages/; remove it."
        )
    return (
        f"{place} is not in project.yml: the deployment would make it the PUBLIC function {function.full_name}. "
        "List it there, or move it to lib/."
    )


def _other_pythons(functions: list[Function]) -> Iterator[str]:
    here = f"python:{sys.version_info.major}.{sys.version_info.minor}"
    wanted = sorted({function.runtime for function in functions} - {here, "python:default"})
    if wanted:
        yield f"project.yml asks for {', '.join(wanted)}; on this machine all functions run on {here}."
