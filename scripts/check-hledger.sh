#!/usr/bin/env bash
# Holds the books of `daybook export` against hledger: each journal must pass its strict checks, and the balances that
# hledger adds up must be those of the views. Over generated histories, one with closed months, and every replay fixture.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --locked --quiet -p daybook
daybook="${CARGO_TARGET_DIR:-target}/debug/daybook"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# import LEDGER EVENTS
import() {
    # Exit status 1: some line went to quarantine, which is what that situation is about.
    "$daybook" "${rules[@]}" --ledger "$1" import --from ndjson --operator-acts "$2" >/dev/null || (($? == 1))
}

# journal NAME ARGUMENTS...: of the ledger of that name; the arguments say which book and dates.
journal() {
    local name=$1 ledger="$folder/$1"
    shift
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
import "$folder/generated" "$folder/generated.ndjson"
journal generated

# Every second line comes after months were closed: what is late becomes true-ups.
sed -n 'p;n' "$folder/generated.ndjson" >"$folder/first.ndjson"
sed -n 'n;p' "$folder/generated.ndjson" >"$folder/later.ndjson"
signed=(--by "A. Controller" --reason "check of the books")
import "$folder/closed" "$folder/first.ndjson"
"$daybook" --ledger "$folder/closed" rules adopt "${signed[@]}" >/dev/null
"$daybook" --ledger "$folder/closed" close --month 2021-12 --with-earlier --override "a check" "${signed[@]}" >/dev/null
import "$folder/closed" "$folder/later.ndjson"
journal closed

# Finer than a cent, in both parts: nothing rounds a correction by hand.
cat >"$folder/finer.ndjson" <<'EVENT'
{"source":"ledger","event_id":"m-1","partner_id":"P-1","effective_on":"2022-03-10","manual_adjustment":{"month":"2022-02","lever":"","rebate":"300.123456789","coop":"-0.000000001","currency":"USD","reason":"finer than a cent","approver":"A. Controller"}}
EVENT
import "$folder/finer" "$folder/finer.ndjson"
journal finer --through 2022-03-31

count=0
for situation in replay-fixtures/*/situation.toml; do
    # A story has steps and adopts its own book: its books are held against its figures by the tests.
    [[ -n $(field book "$situation") ]] || continue
    name=$(basename "$(dirname "$situation")")
    rules=()
    [[ $(field rules "$situation") != synthetic ]] || rules=(--rules ledger/rules/synthetic)
    window=(--through "$(field through "$situation")" --book "$(field book "$situation")")
    known_as_of=$(field known_as_of "$situation")
    [[ -z $known_as_of ]] || window+=(--known-as-of "$known_as_of")
    import "$folder/$name" "$(dirname "$situation")/events.ndjson"
    journal "$name" "${window[@]}"
    count=$((count + 1))
done
echo "hledger: generated histories, one with closed months, and $count situations balance and say what the views say"
