"""DuckDB's part of `make bench-peers`: loads billed lines into a table of its own, then answers queries line by line.

Arguments: a CSV file (partner, date, product, cents), a database file to make, the products' rates in basis points.
Standard input: `tuned THREADS` or `packed THREADS`, a line each. Every answer is one line of JSON.
The table holds facts of the lines only: months come from a calendar table and rates from a table of products.
"""

import json
import sys
import time

import duckdb

SINCE = "((year(d) - 2020) * 12 + month(d) - 10)::int"

# Revenue of 365 days at a month's end is that of twelve months: no such window of the history holds a 29 February.
REST = """,
yearly as (
    select partner, month, earned,
        sum(revenue) over (partition by partner order by month range between 11 preceding and current row) as revenue
    from months
), halves as (
    select partner, (month + 3) // 6 as half, sum(earned) as earned from yearly where revenue >= 2500000 group by all
)
select sum(earned * 60), sum(if(earned * 40 >= 1000000000000, earned * 40, 0)),
    sum(if(earned * 40 < 1000000000000, earned * 40, 0))
from halves"""

SUMS = "sum(cents) as revenue, sum(cents * rate) as earned from lines join products using (product) join days using (on_date)"

QUERIES = {
    "tuned": f"with months as (select partner, month, {SUMS} group by partner, month)" + REST,
    "packed": f"with keys as (select (partner * 64 + month)::int as key, {SUMS} group by key), "
    "months as (select key // 64 as partner, key % 64 as month, revenue, earned from keys)" + REST,
}


def micros(since):
    return (time.monotonic_ns() - since) // 1000


def say(answer):
    print(json.dumps(answer), flush=True)


def load(db, csv, rates):
    since = time.monotonic_ns()
    db.execute(
        "create table lines as select * from read_csv(?, header = false, columns = "
        "{'partner': 'int', 'on_date': 'date', 'product': 'smallint', 'cents': 'int'}) order by partner, on_date",
        [csv],
    )
    db.execute("checkpoint")
    took = micros(since)
    db.execute("create table products (product smallint, rate int)")
    db.executemany("insert into products values (?, ?)", list(enumerate(rates)))
    db.execute(
        f"create table days as select d::date as on_date, {SINCE} as month "
        "from range(date '2020-10-01', date '2024-01-01', interval 1 day) t(d)"
    )
    return took


def main():
    csv, file, rates = sys.argv[1], sys.argv[2], [int(rate) for rate in sys.argv[3].split(",")]
    db = duckdb.connect(file)
    say({"version": duckdb.__version__, "micros": load(db, csv, rates)})
    for line in sys.stdin:
        query, threads = line.split()
        db.execute(f"set threads = {int(threads)}")
        # Without a larger threshold no group by of this size leaves the hash table.
        db.execute(f"set perfect_ht_threshold = {22 if query == 'packed' else 12}")
        since = time.monotonic_ns()
        row = db.execute(QUERIES[query]).fetchone()
        say({"micros": micros(since), "totals": [str(int(total)) for total in row]})


main()
