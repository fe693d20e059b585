"""Makes what lib/build.sh installed into what every function carries: small, quick to import, the same for everybody.

Runs at a deployment and is not deployed itself.
"""

import compileall
import shutil
import sys
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode

LIB = Path(__file__).parent
VIRTUALENV = LIB / "virtualenv"
SITE_PACKAGES = VIRTUALENV / "lib/python3.11/site-packages"
STOCKROOM = LIB / "stockroom"
RUNTIME = (3, 11)

# The runtime executes this before it imports the function. First on the path, our packages win over preinstalled ones.
ACTIVATE_THIS = """\
import os
import sys

virtualenv = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(virtualenv, "lib", "python3.11", "site-packages"))
"""

# botocore describes four hundred services in data files, 25 of its 30 MB. These are about S3 or read for every service.
_BOTOCORE_DATA = PurePosixPath("botocore/data")
_BOTOCORE_NEEDS = ("s3", "endpoints.json", "partitions.json", "sdk-default-configuration.json", "_retry.json")
_SUPERFLUOUS_FOLDERS = {"bin", "boto3/data", "boto3/examples", "certifi/tests"}
_SUPERFLUOUS_NAMES = {"INSTALLER", "RECORD", "REQUESTED"}  # what pip notes for itself
_SUPERFLUOUS_ENDINGS = {".h", ".pyi"}  # for compilers


def is_needed(file: PurePosixPath) -> bool:
    """Whether a function needs this file of site-packages. Licences stay, botocore's `docs` too: it imports them."""
    if file.is_relative_to(_BOTOCORE_DATA):
        return file.relative_to(_BOTOCORE_DATA).parts[0] in _BOTOCORE_NEEDS
    if file.name in _SUPERFLUOUS_NAMES or file.suffix in _SUPERFLUOUS_ENDINGS:
        return False
    return not any(str(folder) in _SUPERFLUOUS_FOLDERS for folder in file.parents)


def prune(site_packages: Path) -> None:
    """Remove what no function needs, and the folders that are empty then."""
    for path in sorted(site_packages.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif not is_needed(PurePosixPath(path.relative_to(site_packages).as_posix())):
            path.unlink()


def write_activate_this(virtualenv: Path) -> None:
    """What makes a folder a virtual environment in the eyes of the runtime."""
    script = virtualenv / "bin" / "activate_this.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(ACTIVATE_THIS, encoding="utf-8")


def remove_byte_code(folder: Path) -> None:
    """Whatever an import or a test run left: it names folders of this machine."""
    for cache in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(cache)


def write_byte_code(folder: Path, *, changes: bool) -> None:
    """Byte code that tells neither time nor place of its making. Importing without any takes twice as long.

    `changes` is for sources that somebody edits: each import compares them with their byte code.
    """
    mode = PycInvalidationMode.CHECKED_HASH if changes else PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(folder, quiet=1, force=True, stripdir=str(folder.parent), invalidation_mode=mode):
        raise SystemExit(f"{folder} holds a file that does not compile; its name is above.")


def main() -> None:
    """Prepare site-packages and our own package for the zip files that the deployer makes next."""
    prune(SITE_PACKAGES)
    write_activate_this(VIRTUALENV)
    remove_byte_code(STOCKROOM)
    if sys.version_info[:2] == RUNTIME:
        write_byte_code(SITE_PACKAGES, changes=False)
        write_byte_code(STOCKROOM, changes=True)
    else:
        sys.stderr.write("No Python 3.11 was found to compile with: functions will start half a second later.\n")


if __name__ == "__main__":
    main()
