#!/bin/sh
# Sees to it that `make formulas` finds LibreOffice Calc, from Debian's packages; nothing else needs it.
set -eu

command -v soffice >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "LibreOffice is not installed, and only root on Debian can install it here." >&2
    exit 0
fi
echo "installing libreoffice-calc-nogui" >&2
log=$(mktemp)
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends libreoffice-calc-nogui; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "libreoffice-calc-nogui could not be installed." >&2
fi
rm -f "$log"
