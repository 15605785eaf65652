#!/bin/sh
# Makes the virtual environment if none is there that works; installs a lock file into it.
#
#   sh deploy/venv.sh .venv requirements.lock
#   sh deploy/venv.sh .venv                 changes nothing: does the one that is there work?
#
# PYTHON=python3.12 says which Python to make it with; else the first of 3.11 or newer is taken.
# uv installs: the one on the PATH, or a copy that pip fetches into the environment. Where neither
# can be had, pip does it, which takes longer.
set -eu

venv=$1
lock=${2-}
here=$(pwd -P)

fail() {
    echo "$*" >&2
    exit 1
}

# The programs in bin/ carry the path they were made for: in a copied folder they would run the
# original's packages. And after an upgrade of the system the same name can be another Python,
# which does not look where the packages are.
works() {
    [ "$(cat "$venv/.made-in" 2>/dev/null || echo "$here")" = "$here" ] &&
        "$venv/bin/python" -c 'import os, sys, sysconfig
sys.exit(sys.version_info < (3, 11) or not os.path.isdir(sysconfig.get_path("purelib")))' 2>/dev/null
}

# Prints the Python to build on; asked inside another virtual environment, the one below that.
find_python() {
    [ -z "${PYTHON-}" ] || set -- "$PYTHON"
    for name; do
        "$name" -c 'import sys
if sys.version_info < (3, 11):
    sys.exit(1)
print(sys._base_executable)' 2>/dev/null && return
    done
    return 1
}

# Runs a command; prints what it said only if it fails.
quietly() {
    said=$("$@" 2>&1) || { echo "$said" >&2; return 1; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Debian keeps the part of Python that brings pip in a package of its own.
install_python3_venv() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    echo "This Python lacks python3-venv; installing that with apt-get."
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
}

# The pip of the Python that the environment was made with, or else one inside the environment.
pip() {
    if "$python" -m pip --python "$python" --version >/dev/null 2>&1; then
        "$python" -m pip --python "$venv/bin/python" --disable-pip-version-check "$@"
    else
        "$venv/bin/python" -m pip --version >/dev/null 2>&1 || add_pip || return 1
        "$venv/bin/python" -m pip --disable-pip-version-check "$@"
    fi
}

add_pip() {
    "$python" -c 'import ensurepip' 2>/dev/null || install_python3_venv ||
        fail "This Python has no pip. On Debian: sudo apt install python3-venv"
    quietly "$venv/bin/python" -m ensurepip
}

find_uv() {
    uv=$(command -v uv) && return
    uv=$venv/installer/bin/uv
    [ -x "$uv" ] || pip install --quiet --no-compile --target "$venv/installer" \
        --requirement "$(dirname "$0")/installer.lock" >/dev/null 2>&1
}

install() {
    find_uv && "$uv" pip install --quiet --python "$venv/bin/python" --requirement "$lock" \
        >/dev/null 2>&1 ||
        quietly pip install --quiet --requirement "$lock"
}

if [ -z "$lock" ]; then
    works
    exit
fi

python=$(find_python python3 python3.14 python3.13 python3.12 python3.11 python) ||
    fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python."

if ! works; then
    [ ! -e "$venv" ] || [ -e "$venv/pyvenv.cfg" ] ||
        fail "$venv is in the way: it is not a virtual environment. Move it elsewhere."
    # What is half made looks whole from outside, so it must not stay.
    trap 'rm -rf "$venv"' EXIT
    trap 'exit 1' HUP INT TERM
    rm -rf "$venv"
    quietly "$python" -m venv --without-pip "$venv"
fi

echo "Installing $lock into $venv; this takes a moment."
install
echo "$here" >"$venv/.made-in"
trap - EXIT
