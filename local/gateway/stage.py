"""A function's folder, laid out as the deployed zip would be unpacked.

Everything is linked, not copied, so that an edit takes effect; a fingerprint tells when it is time for new processes.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from local.gateway.errors import ProjectError
from local.gateway.project import Function, is_left_out

ENTRY = "main__.py"
"""The platform renames `__main__.py`, and imports it as the module `main__`."""

_BUNDLED = "virtualenv"
"""The dependencies that a build installs. On this machine the developer's own environment stands for them."""

_CONTROL_FILES = (".include", ".ignore", "build.sh", "build.cmd", "__deployer__.zip", "__pycache__")


def layout(function: Function) -> dict[str, Path]:
    """Name in the zip → file or folder here; raises a ProjectError where the deployer would refuse the function."""
    if function.source.is_file():
        return {ENTRY: function.source}
    if (function.source / ".ignore").exists():
        raise ProjectError(
            f"{function.full_name}: the gateway does not read .ignore; list what is deployed in .include."
        )
    listed = function.source / ".include"
    entries = dict(_included(function, listed) if listed.exists() else _everything(function.source))
    for name, path in entries.items():
        _refuse_link(function, name, path)
    if "__main__.py" in entries:
        entries[ENTRY] = entries.pop("__main__.py")
    elif len(entries) == 1:  # a single file is the function, whatever its name
        (only,) = entries.values()
        entries = {ENTRY: only}
    return entries


def stage(entries: dict[str, Path], folder: Path) -> None:
    """Link the entries into `folder`, and take out what is there no more. Safe while processes run in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in entries.items():
        _link(folder / name, path)
    wanted = {Path(name).parts[0] for name in entries}
    for present in folder.iterdir():
        if present.is_symlink() and present.name not in wanted:
            present.unlink()


def fingerprint(function: Function) -> int:
    """Changes whenever a file of the function, or of a folder that it includes, does."""
    roots = {function.source, *(path for path in layout(function).values())}
    return hash(tuple(sorted(line for root in roots for line in _states(root))))


def _included(function: Function, listed: Path) -> Iterator[tuple[str, Path]]:
    for line in filter(None, map(str.strip, listed.read_text(encoding="utf-8").splitlines())):
        outside = ".." in line
        if Path(line).is_absolute() or (outside and not line.startswith("../../../lib/")):
            raise ProjectError(
                f"{function.full_name}: .include may name its own folder and ../../../lib/ only, not {line}."
            )
        path, name = function.source / line, Path(line).name if outside else line
        if name == _BUNDLED:
            continue
        if not path.exists():
            raise ProjectError(f"{function.full_name}: .include names {line}, which is not there.")
        yield name, path


def _everything(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.iterdir():
        if not is_left_out(path.name) and path.name not in (*_CONTROL_FILES, _BUNDLED):
            yield path.name, path


def _refuse_link(function: Function, name: str, path: Path) -> None:
    if path.is_symlink() and path.is_file():
        raise ProjectError(
            f"{function.full_name}: {name} is a symbolic link to a file; the platform would deploy the link's text. "
            "Link its folder, or name the file in .include."
        )


def _link(link: Path, target: Path) -> None:
    """Point `link` to `target` in one step, so that no process ever finds it missing."""
    target = target.resolve()
    if link.is_symlink() and link.readlink() == target:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _states(root: Path) -> Iterator[tuple[str, int, int]]:
    """Path, time of change and size of every file under `root`."""
    if root.is_file():
        yield _state(root)
        return
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in ("__pycache__", _BUNDLED)]
        for name in files:
            yield _state(Path(folder, name))


def _state(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:  # an editor is at work, or the link leads nowhere
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size
