#!/usr/bin/env bash
# Counts the instructions of the hot loops, each event, and holds them against the table in tests/instructions.tsv. Counts do
# not depend on what else the machine does, as times do. With --update the table is written anew.
#
# Compilers differ: where the table was taken with another one, the counts are printed and not judged.
set -euo pipefail
cd "$(dirname "$0")/.."

table=tests/instructions.tsv
tolerance_percent=3
events=20000
target=${CARGO_TARGET_DIR:-target}
folder=$target/instructions
file=$folder/events.ndjson
compiler="$(rustc --version), $(uname -m)"

update=
case ${1:-} in
    "") ;;
    --update) update=yes ;;
    *)
        echo "usage: scripts/instructions.sh [--update]" >&2
        exit 2
        ;;
esac
if ! command -v valgrind >/dev/null; then
    echo "no valgrind on this machine: instructions are not counted"
    exit 0
fi

mkdir -p "$folder"
cargo build --release --locked --quiet -p daybook
cargo build --release --locked --quiet -p daybook-tests -p daybook-store --example hot_loops
"$target/release/daybook" generate --events "$events" --partners 100 --months 24 >"$file"

# count LOOP: instructions of an event, inside the function of that loop alone.
count() {
    local log=$folder/$1.log total
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="hot_loops::loop_$1" \
        "$target/release/examples/hot_loops" "$1" "$file" >/dev/null 2>"$log" || {
        cat "$log" >&2
        return 1
    }
    total=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$log")
    if [[ -z $total || $total == 0 ]]; then
        echo "nothing was counted of $1: has its function another name?" >&2
        return 1
    fi
    echo $((total / events))
}

taken_with=$(sed -n 's/^# compiler: //p' "$table" 2>/dev/null || true)
counted=()
status=0
for loop in decode_json decode append scan columns fold digest; do
    now=$(count "$loop")
    counted+=("$loop"$'\t'"$now")
    before=$(awk -F '\t' -v name="$loop" '$1 == name { print $2 }' "$table" 2>/dev/null || true)
    if [[ -z $before ]]; then
        printf '%-12s %8d instructions an event, not in the table\n' "$loop" "$now"
        continue
    fi
    difference=$(((now - before) * 1000 / before))
    word=same
    if ((difference > tolerance_percent * 10)); then
        word=MORE
    elif ((difference < -tolerance_percent * 10)); then
        word=LESS
    fi
    printf '%-12s %8d instructions an event, %8d in the table: %+d per mille, %s\n' \
        "$loop" "$now" "$before" "$difference" "$word"
    if [[ $word != same && $taken_with == "$compiler" && -z $update ]]; then
        status=1
    fi
done

if [[ -n $update ]]; then
    {
        echo "# Instructions of an event in each hot loop: scripts/instructions.sh --update writes this."
        echo "# compiler: $compiler"
        printf '%s\n' "${counted[@]}"
    } >"$table"
    echo "$table is written anew"
elif [[ -n $taken_with && $taken_with != "$compiler" ]]; then
    echo "the table was taken with $taken_with, this is $compiler: not judged"
elif ((status != 0)); then
    echo "a loop differs by more than $tolerance_percent %: find out why; where it is meant, run scripts/instructions.sh --update" >&2
fi
exit "$status"
