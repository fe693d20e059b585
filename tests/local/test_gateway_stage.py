"""What lies in a function's folder when it runs is what would lie in the deployed zip."""

from typing import TYPE_CHECKING

import pytest

from local.gateway.errors import ProjectError
from local.gateway.project import Function
from local.gateway.stage import fingerprint, layout, stage

if TYPE_CHECKING:
    from tests.local.conftest import ProjectFolder


@pytest.fixture
def function(project: "ProjectFolder") -> Function:
    project.write("lib/stockroom/__init__.py", "")
    source = project.write("packages/shop/hello/__main__.py", "def main(): return {}").parent
    return Function("shop", "hello", source)


def test_listed_entries_land_at_the_root_by_their_own_names(project: "ProjectFolder", function: Function) -> None:
    project.write("packages/shop/hello/data/prices.json", "{}")
    project.write("packages/shop/hello/notes.txt", "")
    include = "__main__.py\n\n../../../lib/stockroom\ndata/prices.json\n../../../lib/virtualenv\n"
    project.write("packages/shop/hello/.include", include)
    folder = project.root / "run"
    stage(layout(function), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["data", "main__.py", "stockroom"]
    assert (folder / "stockroom" / "__init__.py").exists()
    assert (folder / "data" / "prices.json").read_text() == "{}"


def test_without_a_list_the_whole_folder_is_there_but_for_what_only_builds(
    project: "ProjectFolder", function: Function
) -> None:
    for name in ("prices.json", "build.sh", ".gitignore", "x.swp", "virtualenv/lib/x.py", "__pycache__/x.pyc"):
        project.write(f"packages/shop/hello/{name}", "")
    assert sorted(layout(function)) == ["main__.py", "prices.json"]


def test_a_single_file_is_the_function_whatever_its_name(project: "ProjectFolder") -> None:
    alone = project.write("packages/shop/util.py", "")
    other = project.write("packages/shop/folder/anything.py", "")
    assert layout(Function("shop", "util", alone)) == {"main__.py": alone}
    assert layout(Function("shop", "folder", other.parent)) == {"main__.py": other}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("gone.txt", "gone.txt, which is not there"),
        ("../../../lib/gone", "lib/gone, which is not there"),
        ("../other", r"own folder and \.\./\.\./\.\./lib/ only"),
        ("../../../secrets", r"own folder and \.\./\.\./\.\./lib/ only"),
        ("/etc/hosts", r"own folder and \.\./\.\./\.\./lib/ only"),
    ],
)
def test_a_list_that_the_deployer_refuses_is_refused(
    project: "ProjectFolder", function: Function, line: str, complaint: str
) -> None:
    project.write("packages/shop/hello/.include", f"__main__.py\n{line}\n")
    with pytest.raises(ProjectError, match=complaint):
        layout(function)


def test_a_linked_file_is_refused_because_the_platform_breaks_it(project: "ProjectFolder", function: Function) -> None:
    (function.source / "shared.py").symlink_to(project.root / "lib/stockroom/__init__.py")
    with pytest.raises(ProjectError, match=r"shared\.py is a symbolic link"):
        layout(function)


def test_a_list_of_what_to_leave_out_is_refused_rather_than_misread(
    project: "ProjectFolder", function: Function
) -> None:
    project.write("packages/shop/hello/.ignore", "*.txt")
    with pytest.raises(ProjectError, match=r"does not read \.ignore"):
        layout(function)


def test_what_is_no_longer_listed_is_taken_away_and_what_moved_is_followed(
    project: "ProjectFolder", function: Function
) -> None:
    folder = project.root / "run"
    elsewhere = project.write("elsewhere.py", "old")
    stage({"main__.py": elsewhere, "old": project.root / "lib"}, folder)
    stage(layout(function), folder)
    assert [path.name for path in folder.iterdir()] == ["main__.py"]
    assert (folder / "main__.py").read_text() == "def main(): return {}"


@pytest.mark.parametrize(
    "path", ["packages/shop/hello/__main__.py", "lib/stockroom/__init__.py", "lib/stockroom/new.py"]
)
def test_any_edit_of_what_a_function_carries_shows(project: "ProjectFolder", function: Function, path: str) -> None:
    project.write("packages/shop/hello/.include", "__main__.py\n../../../lib/stockroom\n")
    before = fingerprint(function)
    assert fingerprint(function) == before
    project.write(path, "changed = True")
    assert fingerprint(function) != before


def test_compiled_code_and_other_functions_do_not_count_as_an_edit(
    project: "ProjectFolder", function: Function
) -> None:
    before = fingerprint(function)
    project.write("packages/shop/hello/__pycache__/x.pyc", "")
    project.write("packages/shop/other/__main__.py", "")
    assert fingerprint(function) == before
