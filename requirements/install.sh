#!/usr/bin/env bash
# Makes the virtual environment $1 and installs exactly the locked packages: requirements/dev.txt, or the lock named by $2.
set -euo pipefail
venv=$1 lock=${2:-requirements/dev.txt}

fit() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3}; do
        if fit "$name"; then echo "$name"; return; fi
    done
    echo "Till needs Python 3.11 or newer${PYTHON:+, and PYTHON=$PYTHON is not}. On Debian: apt-get install python3" >&2
    return 1
}

# Debian ships Python without ensurepip; venv cannot put pip into a new environment until it is there.
need_ensurepip() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, which Debian leaves out of Python"
        { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } </dev/null >/dev/null
    else
        echo "This Python cannot make virtual environments yet. Please run: sudo apt-get install $package" >&2
        return 1
    fi
}

install_lock() {
    "$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input install \
        --require-hashes --no-deps --only-binary :all: --no-compile --retries 10 --timeout 30 --requirement "$lock"
}

if ! fit "$venv/bin/python"; then
    python=$(find_python)
    need_ensurepip "$python"
    "$python" -m venv --clear "$venv"
fi
echo "Installing $(grep -c '^[a-z].*==' "$lock") packages from $lock into $venv (a minute or two)"
install_lock || { sleep 5; install_lock; } || { sleep 20; install_lock; }
