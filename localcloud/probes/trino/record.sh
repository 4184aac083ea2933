#!/bin/sh
# Asks a real Trino (see pom.xml for its version) for every line of expressions.txt and rewrites the records that the
# tests expect. Needs java 17 or later, mvn and a reachable Maven repository.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
records="$here/../../tests/athena/trino_435.json"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mvn --quiet --batch-mode --file "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$scratch/lib"
java -cp "$scratch/lib/*" "$here/Recorder.java" "$here/expressions.txt" "$scratch/records" 2> "$scratch/log" \
    || { cat "$scratch/log" >&2; exit 1; }
{ echo '['; sed '$!s/$/,/; s/^/  /' "$scratch/records"; echo ']'; } > "$records"
echo "$(wc -l < "$scratch/records") records of Trino 435 in $records"
