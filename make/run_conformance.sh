#!/bin/bash
# Holds the local cloud against its clients' own suites and all of TPC-H and TPC-DS, and fuzzes its two protocols; an hour
# or so. Arguments are pytest's; without a path below tests/ all of it runs.
set -u

export LANDFALL_FUZZ_CASES="${LANDFALL_FUZZ_CASES:-20000}"
failed=0

# Notes a suite that failed. That none of a suite's tests was asked for (pytest's status 5) is no failure.
run() {
    "$@" || [ $? -eq 5 ] || failed=1
}

case " $*" in
*" tests/"*)
    run .venv/product/bin/python -m pytest --timeout=3600 "$@"
    exit $failed
    ;;
esac
# A process each: pytest takes the fixtures of dbt's suites (pytest_plugins) only from the folder it is started for, and
# dbt keeps one adapter a process.
for suite in clients dbt_athena dbt_redshift tpc test_airflow_backfill.py; do
    run .venv/product/bin/python -m pytest "tests/conformance/$suite" --timeout=3600 "$@"
done
run .venv/localcloud/bin/python -m pytest -c localcloud/pyproject.toml localcloud/tests -k fuzz --timeout=3600 "$@"
exit $failed
