#!/bin/sh
# Makes .venv/<name> hold just what the locks pin and the package of <project>, whose source it runs. A complete
# environment is left as it is; one that is half made, moved or behind its lock is made anew.
#
#     make/install_environment.sh <name> <project directory> <lock> [<lock that adds to the first>]
set -eu

name=$1 project=$2 lock=$3 more=${4:-}
here=$(pwd)
environment=.venv/$name
tools=.venv/tools

# uv and pip keep a cache at home; some machines give a process none.
if [ ! -w "${HOME:-/nonexistent}" ]; then
    mkdir -p .venv/home
    export HOME="$here/.venv/home"
fi

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "make: $*"
    exit 1
}

# A stamp is the lock and the folder it was installed for: written last, so that it stands for a whole environment.
stamped() { { echo "$here"; cat "$2"; } | cmp -s - "$1"; }
stamp() { { echo "$here"; cat "$2"; } >"$1.new" && mv "$1.new" "$1"; }

need_python() {
    python=$(command -v python3.11) || fail "python3.11 is not on the PATH. Landfall runs on Python 3.11: install it (Debian: apt-get install python3.11 python3.11-venv)."
    "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
        fail "$python does not run as Python 3.11."
}

# One small question to the index, so that a machine without network hears so at once and not after every retry.
need_index() {
    timeout 10 "$tools/bin/python" -m pip --disable-pip-version-check --retries 0 --timeout 8 index versions uv >/dev/null 2>&1 ||
        fail "packages for '$name' must be fetched, but the package index does not answer. Check the network or pip's settings (PIP_INDEX_URL, proxy), then run the same command again."
}

install_tools() {
    stamped "$tools/stamp" requirements-tools.lock && return
    rm -rf "$tools"
    "$python" -m venv "$tools" || fail "$python has no venv module (Debian: apt-get install python3.11-venv)."
    need_index
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
    stamp "$tools/stamp" requirements-tools.lock
}

# What uv's cache holds needs no network; the index is asked only for the rest.
install_lock() {
    say "installing $1 into $environment"
    uv_install --offline --quiet -r "$1" 2>/dev/null && return
    need_index
    uv_install -r "$1"
}

uv_install() { "$tools/bin/uv" pip install --python "$environment/bin/python" --require-hashes "$@"; }

use_the_index_of_pip() {
    index=${PIP_INDEX_URL:-$("$tools/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$index"
    fi
}

if stamped "$environment/stamp" "$lock" && { [ -z "$more" ] || stamped "$environment/stamp-more" "$more"; }; then
    exit 0
fi

export UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-30}" UV_HTTP_RETRIES="${UV_HTTP_RETRIES:-2}"
need_python
install_tools
use_the_index_of_pip

if ! stamped "$environment/stamp" "$lock"; then
    rm -rf "$environment"
    "$tools/bin/uv" venv --quiet --python "$python" "$environment"
    install_lock "$lock"
    "$tools/bin/uv" pip install --quiet --python "$environment/bin/python" --offline --no-deps --no-build-isolation --editable "$project"
    stamp "$environment/stamp" "$lock"
fi
if [ -n "$more" ]; then
    install_lock "$more"
    stamp "$environment/stamp-more" "$more"
fi
