#!/bin/sh
# Makes the virtual environment if none is there that works; installs a list of packages into it.
#
#   sh deploy/venv.sh .venv requirements.txt
#   sh deploy/venv.sh .venv                 changes nothing: does the one that is there work?
#
# PYTHON=python3.12 says which Python to make it with; else the first of 3.11 or newer is taken.
set -eu

venv=$1
list=${2-}
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

# Debian keeps the part of Python that puts pip into an environment in a package of its own.
can_add_pip() {
    "$python" -c 'import ensurepip' 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_python3_venv() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    echo "This Python lacks python3-venv; installing that with apt-get."
    as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends python3-venv >/dev/null &&
        can_add_pip
}

make_environment() {
    if can_add_pip; then
        "$python" -m venv "$venv"
    elif "$python" -m pip --python "$python" --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip "$venv"
    elif install_python3_venv; then
        "$python" -m venv "$venv"
    else
        fail "Python cannot make a virtual environment. On Debian: sudo apt install python3-venv"
    fi
}

# Its own pip, or that of the Python it was made with.
pip() {
    if "$venv/bin/python" -c 'import pip' 2>/dev/null; then
        "$venv/bin/python" -m pip "$@"
    else
        "$python" -m pip --python "$venv/bin/python" "$@"
    fi
}

if [ -z "$list" ]; then
    works
    exit
fi

python=$(find_python python3 python3.14 python3.13 python3.12 python3.11 python) ||
    fail "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python."

if ! works || ! pip --version >/dev/null 2>&1; then
    [ ! -e "$venv" ] || [ -e "$venv/pyvenv.cfg" ] ||
        fail "$venv is in the way: it is not a virtual environment. Move it elsewhere."
    # What is half made looks whole from outside, so it must not stay.
    trap 'rm -rf "$venv"' EXIT
    trap 'exit 1' HUP INT TERM
    rm -rf "$venv"
    make_environment
fi

echo "Installing what $list names into $venv; this takes a moment."
pip install --quiet --disable-pip-version-check --requirement "$list"
echo "$here" >"$venv/.made-in"
trap - EXIT
