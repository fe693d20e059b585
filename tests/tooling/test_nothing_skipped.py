"""What tests/conftest.py promises about real parts that are missing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NEEDS_REAL_PARTS = """
import pytest

def test_on_every_server(s3_server): ...
def test_in_a_browser(browser): ...
@pytest.mark.skip(reason="of its own accord")
def test_skipped(): ...
@pytest.mark.xfail(reason="known", strict=False)
def test_expected_to_fail(): assert False
"""


def run_without_programs(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_real_parts.py").write_text(NEEDS_REAL_PARTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        [*command, str(folder)],
        cwd=ROOT,
        env={"PATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_user_without_the_programs_sees_what_was_skipped_and_how_to_get_them(tmp_path: Path) -> None:
    result = run_without_programs(tmp_path)
    assert "1 passed, 4 skipped, 1 xfailed" in result.stdout
    assert "apt-get install ceph-mon ceph-osd ceph-common radosgw" in result.stdout
    assert "apt-get install chromium" in result.stdout
    assert result.returncode == 0


def test_nothing_may_be_skipped_where_everything_is_installed(tmp_path: Path) -> None:
    result = run_without_programs(tmp_path, STOCKROOM_NOTHING_SKIPPED="1")
    assert "1 passed, 1 xfailed, 4 errors" in result.stdout
    assert "Skipped, where nothing may be: Skipped: needs Chromium" in result.stdout
    assert result.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_whole_file_may_not_be_skipped_either(tmp_path: Path) -> None:
    (tmp_path / "test_file.py").write_text("import pytest; pytest.skip('all of it', allow_module_level=True)")
    result = run_without_programs(tmp_path, STOCKROOM_NOTHING_SKIPPED="1")
    assert "test_file.py - Skipped, where nothing may be" in result.stdout
    assert result.returncode != 0
