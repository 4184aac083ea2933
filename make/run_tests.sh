#!/bin/sh
# Runs the suite of the local cloud and that of the product, each in its own environment. Arguments are pytest's; a path
# below one of the two folders of tests chooses its suite.
set -u

run_localcloud=yes run_product=yes
case " $*" in
*" localcloud/"*) run_product=no ;;
*" tests/"*) run_localcloud=no ;;
esac

failed=0
NO_TESTS_COLLECTED=5

suite() {
    title=$1
    shift
    printf '\n=== %s\n' "$title"
    "$@" || {
        code=$?
        # A choice such as `-k orders` may leave one of the two suites without a test.
        [ $code -eq $NO_TESTS_COLLECTED ] && [ "$narrowed" = yes ] || failed=1
    }
}

make/install_debian_packages.sh
narrowed=no
[ $# -eq 0 ] || narrowed=yes

if [ $run_localcloud = yes ]; then
    case " $*" in *" localcloud/"*) where= ;; *) where=localcloud/tests ;; esac
    suite 'tests of the local cloud' .venv/localcloud/bin/python -m pytest -c localcloud/pyproject.toml $where "$@"
fi
if [ $run_product = yes ]; then
    case " $*" in *" tests/"*) where= ;; *) where=tests ;; esac
    suite 'tests of Landfall' .venv/product/bin/python -m pytest $where "$@"
fi
exit $failed
