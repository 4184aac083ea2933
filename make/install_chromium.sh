#!/bin/sh
# Sees to it that the tests of the user interface find Chromium: Debian's package, for the browser of Playwright would
# have to be fetched from a place of its own.
set -eu

command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Chromium is not installed, and only root on Debian can install it here: the tests of the user interface need it (apt-get install chromium)." >&2
    exit 0
fi
echo 'installing chromium for the tests of the user interface' >&2
log=$(mktemp)
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo 'Chromium could not be installed: the tests of the user interface will say that they miss it.' >&2
fi
rm -f "$log"
