#!/bin/sh
# Runs a command in the environment that `landfall deploy` wrote to LANDFALL_ENV_FILE.
set -eu

. "$LANDFALL_ENV_FILE"
exec "$@"
