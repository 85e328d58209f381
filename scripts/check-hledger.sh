#!/usr/bin/env bash
# Holds the books of `daybook export` against hledger: each journal must pass its strict checks, and the balances that
# hledger adds up must be those of the views. Over a generated history and every replay fixture.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --locked --quiet -p daybook
daybook="${CARGO_TARGET_DIR:-target}/debug/daybook"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# journal NAME EVENTS ARGUMENTS...: the arguments say which rules, book and dates.
journal() {
    local name=$1 events=$2 ledger="$folder/$1"
    shift 2
    # Exit status 1: some line went to quarantine, which is what that situation is about.
    "$daybook" "${rules[@]}" --ledger "$ledger" import --from ndjson --operator-acts "$events" >/dev/null || (($? == 1))
    "$daybook" "${rules[@]}" --ledger "$ledger" export --to hledger --output "$folder/$name.journal" "$@"
    "$daybook" "${rules[@]}" --ledger "$ledger" views --format json "$@" >"$folder/$name.json"
    hledger check --strict ordereddates -f "$folder/$name.journal"
    # The style is for this output alone: balances in full, not to the cent.
    hledger balance --flat --no-total -O csv -c '1000.0000000000000000000000000 USD' \
        -f "$folder/$name.journal" >"$folder/$name.csv"
    python3 scripts/hledger_balances.py "$name" "$folder/$name.json" "$folder/$name.csv"
    rm -rf "$ledger"
}

# field NAME FILE: a top-level value of a situation, without quotes.
field() {
    sed -n "s/^$1 *= *\"\{0,1\}\([^\" ]*\).*/\1/p" "$2"
}

rules=()
"$daybook" generate --partners 60 --events 6000 --months 30 --seed 7 >"$folder/generated.ndjson"
journal generated "$folder/generated.ndjson"

# Finer than a cent, in both parts: nothing rounds a correction by hand.
cat >"$folder/finer.ndjson" <<'EVENT'
{"source":"ledger","event_id":"m-1","partner_id":"P-1","effective_on":"2022-03-10","manual_adjustment":{"month":"2022-02","lever":"","rebate":"300.123456789","coop":"-0.000000001","currency":"USD","reason":"finer than a cent","approver":"A. Controller"}}
EVENT
journal finer "$folder/finer.ndjson" --through 2022-03-31

count=0
for situation in replay-fixtures/*/situation.toml; do
    rules=()
    [[ $(field rules "$situation") != synthetic ]] || rules=(--rules ledger/rules/synthetic)
    window=(--through "$(field through "$situation")" --book "$(field book "$situation")")
    known_as_of=$(field known_as_of "$situation")
    [[ -z $known_as_of ]] || window+=(--known-as-of "$known_as_of")
    journal "$(basename "$(dirname "$situation")")" "$(dirname "$situation")/events.ndjson" "${window[@]}"
    count=$((count + 1))
done
echo "hledger: a generated history and $count situations balance and say what the views say"
