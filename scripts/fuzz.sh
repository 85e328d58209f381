#!/usr/bin/env bash
# Runs each target of fuzz/ for a while, and prints what each executed. A finding lies in fuzz/artifacts, and its minimised
# input belongs into fuzz/corpus once the fault is mended.
#
#   scripts/fuzz.sh [TARGET...]      FUZZ_SECONDS=60 a target by default
#   scripts/fuzz.sh --grow           adds to the corpus what earlier runs found that reaches more, the smallest first
#
# The compiler's own coverage pass and libFuzzer, without a sanitizer: all of the code is safe Rust, so that what there is
# to find is panics, broken properties and hangs. A stable toolchain and a C++ compiler are enough.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
target_dir=$PWD/fuzz/target
host=$(rustc -vV | sed -n 's/^host: //p')

flags=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    --cfg fuzzing
)

# With --target, the flags reach the code under test and not the programs that run during the build.
RUSTFLAGS="${flags[*]}" cargo build --manifest-path fuzz/Cargo.toml --locked --release --target "$host" \
    --target-dir "$target_dir"
fuzzer=$target_dir/$host/release/fuzz

# A corpus lies in the repository: so many bytes a target.
corpus_bytes_max=24576

grow=false
if [[ ${1:-} == --grow ]]; then
    grow=true
    shift
fi

# corpus_grow CORPUS FOUND
corpus_grow() {
    local fresh file bytes size
    fresh=$(mktemp -d)
    cp "$1"/* "$fresh"
    "$fuzzer" -merge=1 -max_len=4096 "$fresh" "$2" 2>/dev/null
    bytes=$(cat "$1"/* | wc -c)
    while read -r size file; do
        if [[ ! -e $1/$file ]] && ((bytes + size <= corpus_bytes_max)); then
            cp "$fresh/$file" "$1/$file"
            bytes=$((bytes + size))
        fi
    done < <(find "$fresh" -type f -printf '%s %f\n' | sort -n)
    rm -r "$fresh"
}
targets=("$@")
if ((${#targets[@]} == 0)); then
    mapfile -t targets < <(sed -n 's/.*Target { name: "\([a-z_]*\)".*/\1/p' fuzz/src/targets/mod.rs)
fi

failed=()
for target in "${targets[@]}"; do
    found=fuzz/found/$target
    corpus=fuzz/corpus/$target
    mkdir -p "$found" "$corpus" fuzz/artifacts
    export DAYBOOK_FUZZ_TARGET=$target
    if $grow; then
        corpus_grow "$corpus" "$found"
        echo "$target: $(find "$corpus" -type f | wc -l) inputs"
        continue
    fi
    log=fuzz/artifacts/$target.log
    # Ten seconds for one input is a hang; what is found goes to the first folder.
    if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target-" "$found" "$corpus" >"$log" 2>&1; then
        state=ok
    else
        state="FAILED, see $log"
        failed+=("$target")
    fi
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
    printf '%-16s %10s executions  %-12s %s\n' "$target" "${executed:-?}" "$coverage" "$state"
done
if ((${#failed[@]} > 0)); then
    printf 'FAILED: %s\n' "${failed[@]}" >&2
    exit 1
fi
