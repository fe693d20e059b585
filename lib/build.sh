#!/usr/bin/env bash
# Fills virtualenv/ with what every function carries. The deployer runs this first, on whatever machine deploys; what is
# installed is always for the runtime: CPython 3.11 on Linux, x86-64.
set -euo pipefail
cd "$(dirname "$0")"

# Byte code is only good for the Python that made it, so 3.11 is looked for before any other.
is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }
python=
for candidate in ${PYTHON:+"$PYTHON"} ../.venv/bin/python python3.11 python3; do
    if is_311 "$candidate"; then python=$candidate; break; fi
done
python=${python:-${PYTHON:-python3}}

# The runtime's public image has glibc 2.31: wheels for older ones are preferred, for newer ones never taken.
rm -rf virtualenv
"$python" -m pip install --quiet --disable-pip-version-check --requirement requirements.txt --require-hashes --no-deps \
    --target virtualenv/lib/python3.11/site-packages --no-compile --only-binary=:all: --implementation cp \
    --python-version 3.11 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64
"$python" bundle.py
