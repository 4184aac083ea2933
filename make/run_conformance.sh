#!/bin/bash
# Holds the local cloud against its clients' own suites and all of TPC-H and TPC-DS, and fuzzes its two protocols; an hour
# or so. Arguments are pytest's; without a path below tests/ all of it runs.
set -u

export LANDFALL_FUZZ_CASES="${LANDFALL_FUZZ_CASES:-20000}"
failed=0

case " $*" in
*" tests/"*) where= ;;
*) where=tests/conformance ;;
esac
.venv/product/bin/python -m pytest $where --timeout=3600 "$@" || failed=1
if [ -n "$where" ]; then
    .venv/localcloud/bin/python -m pytest -c localcloud/pyproject.toml localcloud/tests -k fuzz --timeout=3600 "$@" || failed=1
fi
exit $failed
