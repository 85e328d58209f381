#!/usr/bin/env bash
# Gets a nats-server, builds the release binary, runs the demo. Arguments go to `daybook demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ " $* " != *" --no-nats "* ]]; then
    if server=$(scripts/get-nats-server.sh); then
        export NATS_SERVER_BIN=$server
    elif [[ -n ${NATS_SERVER_BIN:-} || " $* " == *" --keep-server "* ]]; then
        # The caller asked for a server: going on without one would answer another question.
        exit 2
    else
        echo "WARNING: no nats-server could be had: the demo runs through an in-process source instead of the broker" >&2
        set -- "$@" --no-nats
    fi
fi

cargo build --release --locked -p daybook
exec "${CARGO_TARGET_DIR:-target}/release/daybook" demo "$@"
