#!/usr/bin/env bash
# Checks with tools that the two commands do not install. A tool that is absent is named and passed over; a check that
# runs and fails makes the whole fail, after all have run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

failed=()
skipped=()

# check NAME PROBE COMMAND...: the probe is a command, as one word, that succeeds where the tool is installed.
check() {
    local name=$1 probe
    read -ra probe <<<"$2"
    shift 2
    if ! "${probe[@]}" >/dev/null 2>&1; then
        skipped+=("$name: no ${probe[*]}")
        return
    fi
    echo "==> $name"
    "$@" || failed+=("$name")
}

# systemd looks for the program that a unit starts: a copy of the unit that starts /bin/true has all else in common.
unit_verify() {
    local folder status=0
    folder=$(mktemp -d)
    sed -e 's|^ExecStart=.*|ExecStart=/bin/true|' -e 's|^\(User\|Group\)=.*|\1=nobody|' \
        deploy/daybook.service >"$folder/daybook.service"
    systemd-analyze verify "$folder/daybook.service" || status=$?
    rm -r "$folder"
    return "$status"
}

nats_configuration() {
    local server
    server=$(scripts/get-nats-server.sh) && env CONTOSO_PASSWORD=a NORTHWIND_PASSWORD=b OPERATORS_PASSWORD=c \
        DAYBOOK_PASSWORD=d ADMIN_PASSWORD=e NATS_STORE_DIR=/tmp "$server" -t -c deploy/nats/nats-server.conf
}

compose() {
    docker compose -f deploy/compose.yaml --env-file deploy/compose.env.example config --quiet
}

kustomize() {
    kubectl kustomize deploy/kustomize >/dev/null
}

check "spelling" "typos --version" typos
check "supply chain" "cargo deny --version" cargo deny check
check "shell scripts" "shellcheck --version" shellcheck scripts/*.sh .ci/run
check "systemd unit" "systemd-analyze --version" unit_verify
check "NATS configuration" "python3 --version" nats_configuration
check "compose file" "docker compose version" compose
check "hledger" "hledger --version" scripts/check-hledger.sh
check "instruction counts" "valgrind --version" scripts/instructions.sh
check "kustomize" "kubectl version --client" kustomize

for name in "${skipped[@]:+${skipped[@]}}"; do
    echo "skipped: $name"
done
if ((${#failed[@]} > 0)); then
    printf 'FAILED: %s\n' "${failed[@]}" >&2
    exit 1
fi
