"""Compares the balances that hledger added up with the views: NAME VIEWS.json BALANCES.csv. Exact decimals throughout."""

import csv
import json
import sys
from collections import defaultdict
from decimal import Decimal, getcontext

getcontext().prec = 80


def by_views(views):
    """What each account must stand at, by partner: credits are negative."""
    through = views["through"]
    sums = defaultdict(Decimal)
    carried = {}
    paid_for = {(row["partner_id"], row["month"]) for row in views["payouts"]}
    for row in views["postings"] + views["true_ups"]:
        partner, rebate, coop = row["partner_id"], Decimal(row["rebate"]), Decimal(row["coop"])
        sums["expenses:rebate:" + partner] += rebate
        sums["expenses:co-op:" + partner] += coop
        if (partner, row["month"]) not in paid_for:
            sums["liabilities:rebate:" + partner] -= rebate
    for row in views["lots"]:
        partner = row["partner_id"]
        left = Decimal(row["accrued"])
        if row["state"] != "open":
            left = Decimal(row["reserved"]) + Decimal(row["available"])
        sums[f"liabilities:co-op:{partner}:{row['period']}"] -= left
        sums["expenses:overdrawn:" + partner] += Decimal(row["overdrawn"])
        sums["revenues:co-op-forfeited:" + partner] -= Decimal(row["forfeited"])
    for row in views["claims"]:
        if row["state"] in ("approved", "paid") and row["amount"]:
            name = "assets:bank:" if row["state"] == "paid" else "liabilities:claims:"
            sums[name + row["partner_id"]] -= Decimal(row["amount"])
    for row in views["payouts"]:
        partner = row["partner_id"]
        name = "assets:bank:" if row["due_on"] <= through else "liabilities:payouts-due:"
        sums[name + partner] -= Decimal(row["paid"])
        sums["liabilities:payouts-held:" + partner] -= Decimal(row["held"])
        sums["revenues:payouts-forfeited:" + partner] -= Decimal(row["forfeited"])
        carried[partner] = Decimal(row["carried_out"])
    for partner, carry in carried.items():
        sums["liabilities:rebate:" + partner] -= carry
    return {account: balance for account, balance in sums.items() if balance}


def by_hledger(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # The opening balance is what the views do not name.
    balances = {row["account"]: Decimal(row["balance"].split(" ")[0]) for row in rows}
    return {name: value for name, value in balances.items() if value and not name.startswith("equity:opening:")}


def main():
    name, views_path, balances_path = sys.argv[1:]
    with open(views_path, encoding="utf-8") as file:
        expected = by_views(json.load(file))
    stand = by_hledger(balances_path)
    wrong = [account for account in sorted(expected | stand) if expected.get(account) != stand.get(account)]
    for account in wrong:
        print(f"{name}: {account} stands at {stand.get(account, 0)}, the views say {expected.get(account, 0)}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
