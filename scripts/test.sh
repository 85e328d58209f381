#!/usr/bin/env bash
# Everything a reviewer needs, part by part. Stops at the first part that fails; prints the seconds that each part took.
#
# The test runner goes last, so that its closing lines stand at the end of the output. The licence check and the other
# rules of the house are tests in tests/harness/tidy.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
timings=()

# part NAME COMMAND...
part() {
    local name=$1 start=$SECONDS status=0
    shift
    echo "==> $name"
    "$@" || status=$?
    timings+=("$name $((SECONDS - start))s")
    if ((status != 0)); then
        echo "FAILED: $name (exit status $status), after ${SECONDS}s" >&2
        exit 1
    fi
}

nats_server() {
    NATS_SERVER_BIN=$(scripts/get-nats-server.sh) && export NATS_SERVER_BIN && "$NATS_SERVER_BIN" --version
}

tests() {
    if command -v cargo-nextest >/dev/null; then
        # Some tests wait for a broker to give up on something: half as many again as there are processors keeps these busy.
        cargo nextest run --workspace --locked --no-fail-fast --test-threads $(($(nproc) + $(nproc) / 2))
    else
        cargo test --workspace --all-targets --locked --no-fail-fast
    fi
}

# Tests that start the binary find it here; an absolute path, because each test binary runs in its own crate's folder.
export DAYBOOK_BIN
DAYBOOK_BIN=$(realpath -m "$target/debug/daybook")

part nats-server nats_server
part fetch cargo fetch --locked
part fmt cargo fmt --all --check
# The tests' own build first: the doc tests, the rule checks and the test runner below all use what it leaves.
part build cargo build --workspace --all-targets --locked
part rules-lint "$DAYBOOK_BIN" rules lint
part rules-test "$DAYBOOK_BIN" rules test
# Invented terms: they hold still what the shipped terms do not use.
part synthetic-lint "$DAYBOOK_BIN" rules lint --rules ledger/rules/synthetic
part synthetic-test "$DAYBOOK_BIN" rules test --rules ledger/rules/synthetic
part clippy cargo clippy --workspace --all-targets --locked -- -D warnings
part doc-tests cargo test --workspace --doc --locked
part tests tests

printf 'seconds:'
printf ' %s,' "${timings[@]}"
echo " all ${SECONDS}s"
