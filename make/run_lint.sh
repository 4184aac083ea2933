#!/bin/sh
# Runs every check, also after one has failed, and exits 1 when any did.
set -u

bin=.venv/product/bin
failed=0

check() {
    title=$1
    shift
    if "$@"; then
        printf 'ok      %s\n' "$title"
    else
        printf 'FAILED  %s\n' "$title"
        failed=1
    fi
}

# A registry's address in a lock or a page would send every machine there, also those with a mirror of their own.
names_no_registry() {
    ! git grep -I -n -i -E '(pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems|maven\.apache)[.](org|com|io)|proxy[.]golang[.]org'
}

check 'style (ruff check)' "$bin/ruff" check --quiet .
check 'format (ruff format)' "$bin/ruff" format --quiet --check .
check 'types (mypy)' "$bin/mypy" plugins/landfall benchmarks
check 'types of the local cloud (mypy)' "$bin/mypy" --config-file localcloud/pyproject.toml \
    --python-executable .venv/localcloud/bin/python localcloud/src/localcloud
check 'CloudFormation (cfn-lint)' "$bin/cfn-lint" infra/*.yaml
check 'no registry is named' names_no_registry
check 'what follows from the contracts' "$bin/landfall" contracts generate --check
check 'generated pages of docs/' "$bin/python" docs/generate.py --check
check 'docs/reference/local-cloud.md' .venv/localcloud/bin/python -m localcloud reference --check
check 'SQL (sqlfluff, athena and redshift)' "$bin/sqlfluff" lint dbt_project
exit $failed
