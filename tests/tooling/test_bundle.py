"""What a deployment makes of the installed packages. lib/bundle.py says why."""

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

import bundle


@pytest.mark.parametrize(
    "file",
    [
        "boto3/session.py",
        "botocore/docs/docstring.py",
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
        "botocore/data/_retry.json",
        "botocore/cacert.pem",
        "certifi/cacert.pem",
        "cryptography/hazmat/bindings/_rust.abi3.so",
        "pydantic-2.dist-info/METADATA",
        "requests-2.dist-info/licenses/LICENSE",
    ],
)
def test_what_a_function_uses_is_kept(file: str) -> None:
    assert bundle.is_needed(PurePosixPath(file))


@pytest.mark.parametrize(
    "file",
    [
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "botocore/data/s3control/2018-08-20/service-2.json.gz",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "boto3/examples/s3.rst",
        "certifi/tests/test_certify.py",
        "bin/jp.py",
        "cffi/_cffi_include.h",
        "cryptography/hazmat/bindings/_rust/__init__.pyi",
        "boto3-1.dist-info/RECORD",
        "boto3-1.dist-info/INSTALLER",
        "boto3-1.dist-info/REQUESTED",
    ],
)
def test_what_no_function_uses_is_left_out(file: str) -> None:
    assert not bundle.is_needed(PurePosixPath(file))


def test_nothing_is_left_of_a_service_that_is_pruned(tmp_path: Path) -> None:
    for name in ("botocore/data/ec2/2016/service-2.json.gz", "botocore/data/s3/2006/service-2.json.gz"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    bundle.prune(tmp_path)
    assert [path.name for path in (tmp_path / "botocore/data").iterdir()] == ["s3"]


def test_our_packages_win_over_those_the_runtime_has(tmp_path: Path) -> None:
    """The runtime changes to the unzipped function and executes the script as text, telling it its own path."""
    ours = tmp_path / "virtualenv/lib/python3.11/site-packages/requests.py"
    ours.parent.mkdir(parents=True)
    ours.touch()
    bundle.write_activate_this(tmp_path / "virtualenv")
    runtime = """
import os
script = os.path.abspath("virtualenv") + "/bin/activate_this.py"
exec(open(script).read(), {"__file__": script})
import requests
print(requests.__file__)
"""
    result = subprocess.run([sys.executable, "-c", runtime], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(result.stdout.strip()) == ours


def compiled(folder: Path, source: str, *, changes: bool) -> Path:
    package = folder / "package"
    package.mkdir(parents=True, exist_ok=True)
    (package / "module.py").write_text(source)
    bundle.write_byte_code(package, changes=changes)
    return next(package.rglob("*.pyc"))


@pytest.mark.parametrize("changes", [False, True])
def test_byte_code_is_the_same_wherever_it_was_made(tmp_path: Path, *, changes: bool) -> None:
    here, there = (compiled(tmp_path / name, "def f(): ...", changes=changes) for name in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()
    assert b"here" not in here.read_bytes()


@pytest.mark.parametrize(("changes", "seen"), [(True, "new"), (False, "old")])
def test_only_the_byte_code_of_our_own_package_follows_its_source(tmp_path: Path, *, changes: bool, seen: str) -> None:
    """`make dev` runs the very files that a deployment compiled, and an edit must count there."""
    compiled(tmp_path, "print('old')", changes=changes)
    (tmp_path / "package/module.py").write_text("print('new')")
    result = subprocess.run(
        [sys.executable, "-c", "import package.module"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == seen


def test_byte_code_of_earlier_runs_is_not_deployed(tmp_path: Path) -> None:
    left = tmp_path / "shopify/__pycache__/sync.cpython-312.pyc"
    left.parent.mkdir(parents=True)
    left.touch()
    bundle.remove_byte_code(tmp_path)
    assert not left.exists()


def test_a_file_that_does_not_compile_stops_the_deployment(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="does not compile"):
        compiled(tmp_path, "def f(:", changes=True)
