#!/usr/bin/env bash
# Renews the two locks from pyproject.toml: every package of every platform, with its hashes and with no address.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv-lock/bin/uv ] || { "${PYTHON:-python3}" -m venv .venv-lock && .venv-lock/bin/pip -qq install uv; }

compile() {
    .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header "$@" pyproject.toml
}
compile "$@" --output-file requirements/runtime.txt
compile "$@" --extra otel --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
! grep -n '://' requirements/*.txt
