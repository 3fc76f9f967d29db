#!/usr/bin/env bash
# Measures what `cvrs validate` needs besides time: peak memory by size of file and profile, packed files included, and
# how long the least file takes. Writes the table into docs/performance.md.
#
#   cargo build --release -p cvrs-cli
#   benches/measure.sh DATE [FOLDER]       FOLDER: where files of 1.5 GB have room (a temporary one)
#
# The peak is the kernel's high-water mark of resident memory (VmHWM), looked at every millisecond or so.
set -euo pipefail
export LC_ALL=C

date=${1:?usage: benches/measure.sh DATE [FOLDER]}
root=$(cd "$(dirname "$0")/.." && pwd)
page=$root/docs/performance.md
cvrs=$root/target/release/cvrs
scratch=$(mktemp -d -p "${2:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$scratch"' EXIT
[ -x "$cvrs" ] || { echo "$cvrs is missing: cargo build --release -p cvrs-cli" >&2; exit 2; }

check() { "$cvrs" validate --quiet --today 2022-12-31 --threads 2 --profile "$1" --format jsonl -o /dev/null "$2"; }

# Peak of resident memory in KiB.
peak() {
    "$cvrs" validate --quiet --today 2022-12-31 --threads 2 --profile "$1" --format jsonl -o /dev/null "$2" &
    local pid=$! most=0 line
    while [ -r "/proc/$pid/status" ]; do
        while IFS= read -r line; do
            case $line in VmHWM:*) line=${line//[!0-9]/}; [ "$line" -gt "$most" ] && most=$line ;; esac
        done <"/proc/$pid/status" 2>/dev/null || true
        sleep 0.001
    done
    wait "$pid"
    echo "$most"
}

{
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
    echo "$date, $cpu, two threads, every record good."
    echo
    echo "| file | \`dch\`, peak MiB | \`recommended\`, peak MiB |"
    echo "| --- | ---: | ---: |"
    for size in 10:31000 300:925000 1000:3080000; do
        file=$scratch/a.txt
        "$cvrs" generate --quiet --records "${size#*:}" -o "$file"
        row() {
            awk -v name="$1" -v dch="$(peak dch "$2")" -v recommended="$(peak recommended "$2")" \
                'BEGIN { printf "| %s | %.0f | %.0f |\n", name, dch / 1024, recommended / 1024 }'
        }
        row "${size%:*} MB" "$file"
        if [ "${size%:*}" = 300 ]; then
            gzip -1 -k "$file"
            row "300 MB, gzip" "$file.gz"
            rm "$file.gz"
        fi
        rm "$file"
    done
    "$cvrs" generate --quiet --records 10 -o "$scratch/ten.txt"
    echo
    for profile in dch recommended; do
        start=$(date +%s%N)
        for _ in $(seq 50); do check $profile "$scratch/ten.txt"; done
        end=$(date +%s%N)
        awk -v took=$((end - start)) -v profile=$profile \
            'BEGIN { printf "Ten records, `%s`, from start to exit: %.1f ms (mean of 50 runs).\n", profile, took / 50e6 }'
    done
} >"$scratch/table"

awk -v table="$scratch/table" '
    /^<!-- memory -->$/ { print; print ""; while ((getline line < table) > 0) print line; print ""; skips = 1 }
    /^<!-- end of memory -->$/ { skips = 0 }
    !skips && !/^<!-- memory -->$/ { print }
' "$page" >"$scratch/page"
cat "$scratch/page" >"$page"
cat "$scratch/table"
