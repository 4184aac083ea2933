#!/bin/bash
# Runs the suite of the local cloud and that of the product, each in its own environment. Arguments are pytest's; a path
# below one of the two folders of tests chooses its suite. Without one both run at once, since either mostly waits for
# processes it started: the product's is shown as it goes, the local cloud's when it has ended.
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
# Job control gives the background a process group of its own, which an interrupt here can end as one from a keyboard.
set -m
localcloud_suite "$@" >"$output" 2>&1 </dev/null &
localcloud=$!
set +m
trap 'kill -INT -- -$localcloud 2>/dev/null; wait; cat "$output"; rm -f "$output"; exit 130' INT TERM
failed=0
product_suite "$@" || failed=1
echo 'waiting for the tests of the local cloud'
wait $localcloud || failed=1
cat "$output"
rm -f "$output"
exit $failed
