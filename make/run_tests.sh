#!/bin/bash
# Runs the suite of the local cloud and that of the product, each in its own environment. Arguments are pytest's; a path
# below one of the two folders of tests chooses its suite. Without one two lanes run at once, of about the same length,
# since a suite mostly waits for processes it started: in one the product's tests, shown as they go; in the other the
# local cloud's and then the tests of the whole stack, which start a stack of their own, shown when they have ended.
set -u

run_localcloud=yes run_product=yes
case " $*" in
*" localcloud/"*) run_product=no ;;
*" tests/"*) run_localcloud=no ;;
esac

NO_TESTS_COLLECTED=5
narrowed=no
[ $# -eq 0 ] || narrowed=yes

localcloud_suite() {
    case " $*" in *" localcloud/"*) where= ;; *) where=localcloud/tests ;; esac
    suite 'tests of the local cloud' .venv/localcloud/bin/python -m pytest -c localcloud/pyproject.toml $where "$@"
}

product_suite() {
    suite 'tests of Landfall' .venv/product/bin/python -m pytest "$@"
}

suite() {
    local code
    printf '\n=== %s\n' "$1"
    shift
    "$@"
    code=$?
    # A choice such as `-k orders` may leave one of the two suites without a test.
    [ $code -eq 0 ] || { [ $code -eq $NO_TESTS_COLLECTED ] && [ "$narrowed" = yes ]; }
}

make/install_debian_packages.sh
if [ $run_localcloud = no ]; then
    product_suite "$@"
    exit
elif [ $run_product = no ]; then
    localcloud_suite "$@"
    exit
fi

output=$(mktemp)
behind() {
    local failed=0
    localcloud_suite "$@" || failed=1
    suite 'tests of the whole stack' .venv/product/bin/python -m pytest tests/end_to_end "$@" || failed=1
    return $failed
}
# Job control gives the background a process group of its own, which an interrupt here can end as one from a keyboard.
set -m
behind "$@" >"$output" 2>&1 </dev/null &
behind=$!
set +m
trap 'kill -INT -- -$behind 2>/dev/null; wait; cat "$output"; rm -f "$output"; exit 130' INT TERM
failed=0
product_suite --deselect tests/end_to_end "$@" || failed=1
echo 'waiting for the tests of the local cloud and of the whole stack'
wait $behind || failed=1
cat "$output"
rm -f "$output"
exit $failed
