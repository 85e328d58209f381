#!/usr/bin/env bash
# Builds the release binary and measures it; with --peers beside DuckDB and PostgreSQL. Other arguments go to the program that
# measures: docs/performance.md has them.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
peers=$target/bench-peers

if ! NATS_SERVER_BIN=$(scripts/get-nats-server.sh); then
    echo "WARNING: no nats-server could be had: what needs a broker cannot be measured" >&2
fi
export NATS_SERVER_BIN

if [[ " $* " == *" --peers "* && ! -d $peers/python/duckdb ]]; then
    echo "getting DuckDB into $peers/python" >&2
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
        --target "$peers/python" duckdb ||
        echo "WARNING: DuckDB could not be had: it is left out" >&2
fi

cargo build --release --locked -p daybook
cargo build --release --locked -p daybook-tests -p daybook-store --bin bench --example append_rate
exec "$target/release/bench" --dir "$target/bench" --peers-dir "$peers" --output "$target/bench.md" "$@"
