#!/bin/sh
# Sees to it that the tests find the programs that no package index has, from Debian's packages: Chromium for the user
# interface, Redis for the services of docker-compose.yml (redis-tools has its server and, unlike redis-server, starts none),
# openssl to check signatures as a receiver does.
set -eu

missing=
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v redis-server >/dev/null 2>&1 || command -v redis-check-rdb >/dev/null 2>&1 || missing="$missing redis-tools"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed, and only root on Debian can install it here:$missing. The tests that need it will say so." >&2
    exit 0
fi
echo "installing$missing for the tests" >&2
log=$(mktemp)
# shellcheck disable=SC2086 # one word a package
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "Could not be installed:$missing. The tests that need it will say so." >&2
fi
rm -f "$log"
