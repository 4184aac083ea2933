#!/bin/sh
# Resolves every requirements file to a lock with hashes. A registry's address is never written into a lock.
set -eu

compile() {
    .venv/tools/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"
}

compile requirements.in -o requirements.lock
compile requirements-dev.in -c requirements.lock -o requirements-dev.lock
compile localcloud/requirements.in -o localcloud/requirements.lock
compile localcloud/requirements-dev.in -c localcloud/requirements.lock -o localcloud/requirements-dev.lock
