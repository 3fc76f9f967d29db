#!/usr/bin/env bash
# Runs `cvrs validate` and programs that only read, count or load the same file, side by side, and writes what it
# measured into docs/performance.md.
#
#   cargo build --release -p cvrs-cli -p cvrs-benches
#   target/release/cvrs generate --records 1000000 -o /tmp/good.txt
#   benches/rivals.sh FILE DATE [ROUNDS]        DATE: the day of measurement, ROUNDS: how often each runs (5)
#
# It installs nothing; what is not there is skipped and named. To have all of them, in a scratch place:
#
#   python3 -m venv /tmp/rivals && /tmp/rivals/bin/pip install duckdb polars && PATH=/tmp/rivals/bin:$PATH
#   cargo install xan --locked --root /tmp/rivals
#
# TODAY is the day of submission for cvrs (2022-12-31, which is the generator's).
set -euo pipefail
export LC_ALL=C

file=${1:?usage: benches/rivals.sh FILE DATE [ROUNDS]}
date=${2:?usage: benches/rivals.sh FILE DATE [ROUNDS]}
rounds=${3:-5}
today=${TODAY:-2022-12-31}
root=$(cd "$(dirname "$0")/.." && pwd)
page=$root/docs/performance.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cvrs=$root/target/release/cvrs
count_csv=$root/target/release/count-csv
for program in "$cvrs" "$count_csv"; do
    [ -x "$program" ] || { echo "$program is missing: cargo build --release -p cvrs-cli -p cvrs-benches" >&2; exit 2; }
done
bytes=$(wc -c <"$file")
rows=$(($(wc -l <"$file") - 1))

# The rivals: a name, a version, what each does, and a function that prints the number of data rows.
names=() versions=() does=() acts=()
rival() {
    names+=("$1") versions+=("$2") does+=("$3") acts+=("$4")
}
skipped=()

count_lines() { echo $(($(wc -l <"$file") - 1)); }
count_csv_crate() { "$count_csv" "$file"; }
xan_count() { xan count -d '\t' "$file"; }
duckdb_count() {
    python3 - "$file" "$1" <<'PYTHON'
import sys, duckdb
connection = duckdb.connect()
connection.execute(f"SET threads = {int(sys.argv[2])}")
read = "SELECT count(*) FROM read_csv(?, delim = '\t', quote = '', escape = '', header = true, all_varchar = true)"
print(connection.execute(read, [sys.argv[1]]).fetchone()[0])
PYTHON
}
duckdb_load() {
    python3 - "$file" "$1" <<'PYTHON'
import sys, duckdb
connection = duckdb.connect()
connection.execute(f"SET threads = {int(sys.argv[2])}")
read = "FROM read_csv(?, delim = '\t', quote = '', escape = '', header = true, all_varchar = true)"
connection.execute(f"CREATE TABLE records AS SELECT * {read}", [sys.argv[1]])
print(connection.execute("SELECT count(*) FROM records").fetchone()[0])
PYTHON
}
polars_load() {
    POLARS_MAX_THREADS=$1 python3 - "$file" <<'PYTHON'
import sys, polars
print(polars.read_csv(sys.argv[1], separator="\t", quote_char=None, infer_schema=False).height)
PYTHON
}
# With findings the exit status is 1, which is no failure. How many records it reads is compared once, below.
check() {
    "$cvrs" validate --quiet --today "$today" --profile "$1" --threads "$2" --format jsonl -o /dev/null "$file" ||
        [ $? -eq 1 ]
    echo "$rows"
}
records_of_cvrs=$("$cvrs" validate --no-progress --today "$today" --profile dch "$file" | sed -n 's/^ *\([0-9]*\) records.*/\1/p')
[ "$records_of_cvrs" = "$rows" ] || { echo "cvrs reads $records_of_cvrs records, the file has $rows rows" >&2; exit 1; }

rival "wc -l" "$(wc --version | sed -n '1s/.* //p')" "counts line feeds" count_lines
rival "csv crate" "$(sed -n '/^name = "csv"$/{n;s/version = "\(.*\)"/\1/p}' "$root/Cargo.lock")" \
    "splits every row into cells" count_csv_crate
if command -v xan >/dev/null; then
    rival "xan count" "$(xan --version | sed 's/.* //')" "finds the rows, quotes heeded" xan_count
else
    skipped+=("xan")
fi
if python3 -c 'import duckdb' 2>/dev/null; then
    version=$(python3 -c 'import duckdb; print(duckdb.__version__)')
    for threads in 1 2; do
        rival "DuckDB, count, threads: $threads" "$version" "splits every row" "duckdb_count $threads"
    done
    rival "DuckDB, load, threads: 2" "$version" "loads every cell as text" "duckdb_load 2"
else
    skipped+=("DuckDB")
fi
if python3 -c 'import polars' 2>/dev/null; then
    version=$(python3 -c 'import polars; print(polars.__version__)')
    for threads in 1 2; do
        rival "polars, load, threads: $threads" "$version" "loads every cell as text" "polars_load $threads"
    done
else
    skipped+=("polars")
fi
version="$("$cvrs" --version | sed -n '1s/^cvrs \([^ ]*\).*/\1/p')"
for profile in dch recommended; do
    what="every clearinghouse rule"
    [ $profile = dch ] || what="every rule, repeated ids across the file"
    for threads in 1 2; do
        rival "**cvrs, \`$profile\`, threads: $threads**" "$version" "$what" "check $profile $threads"
    done
done

# Rounds are taken in turn, so that whatever else the machine does falls on all alike.
best=()
cat "$file" >/dev/null
for ((round = 0; round < rounds; round++)); do
    for at in "${!names[@]}"; do
        # What takes long varies little: two runs are enough.
        if [ "$round" -gt 1 ] && [ "${best[$at]}" -gt 5000000 ]; then continue; fi
        start=$(date +%s%N)
        ${acts[$at]} >"$scratch/rows"
        end=$(date +%s%N)
        found=$(cat "$scratch/rows")
        [ "$found" = "$rows" ] || { echo "${names[$at]}: $found rows instead of $rows" >&2; exit 1; }
        took=$(((end - start) / 1000))
        if [ -z "${best[$at]:-}" ] || [ "$took" -lt "${best[$at]}" ]; then best[$at]=$took; fi
    done
done

{
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
    memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
    echo "$date, $cpu, $(nproc) cores, $memory GiB of memory; $rows records in $((bytes / 1000000)) MB; best of $rounds."
    echo
    echo "| program | version | what it does | seconds | MB/s | time of \`wc -l\` |"
    echo "| --- | --- | --- | ---: | ---: | ---: |"
    for at in "${!names[@]}"; do
        awk -v name="${names[$at]}" -v version="${versions[$at]}" -v does="${does[$at]}" -v took="${best[$at]}" \
            -v bytes="$bytes" -v least="${best[0]}" \
            'BEGIN { printf "| %s | %s | %s | %.3f | %.0f | %.2f |\n", name, version, does, took / 1e6, bytes / took, took / least }'
    done
    if [ ${#skipped[@]} -gt 0 ]; then
        echo
        echo "Not installed and so not measured: $(printf '%s, ' "${skipped[@]}" | sed 's/, $//')."
    fi
} >"$scratch/table"

awk -v table="$scratch/table" '
    /^<!-- rivals -->$/ { print; print ""; while ((getline line < table) > 0) print line; print ""; skips = 1 }
    /^<!-- end of rivals -->$/ { skips = 0 }
    !skips && !/^<!-- rivals -->$/ { print }
' "$page" >"$scratch/page"
cat "$scratch/page" >"$page"
cat "$scratch/table"
