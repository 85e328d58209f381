# The two commands are `make demo` and `make test`. Each needs a Rust toolchain, make and Python 3 with pip.

.DEFAULT_GOAL := help
.PHONY: help demo test check-extra bench bench-peers fuzz sim soak fmt soak-crash recovery

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the whole main job on a demo history, into ./daybook-data (ARGS="--keep-server" or "--no-nats")
	@scripts/demo.sh $(ARGS)

test: ## everything a reviewer needs: fmt, clippy, all tests with a real nats-server, doc tests, rules, licences
	@scripts/test.sh

check-extra: ## checks with tools that `make test` does not ask for: spelling, shell, deployment files
	@scripts/check-extra.sh

bench: ## what it does in which time, beside what bounds it, into target/bench.md (ARGS="--events 10000000")
	@scripts/bench.sh $(ARGS)

bench-peers: ## the same, beside DuckDB (installed into target) and PostgreSQL where it is installed
	@scripts/bench.sh --peers $(ARGS)

fuzz: ## a minute of fuzzing for each parser that meets the outside (FUZZ_SECONDS=60); needs a C++ compiler
	@scripts/fuzz.sh

sim: ## one simulation of the whole ledger, from a seed (SEED=1 STEPS=300)
	@cargo run --quiet --locked -p daybook-tests --bin sim -- one $(or $(SEED),1) $(or $(STEPS),300)

soak: ## simulations seed after seed until Ctrl-C or the first difference (SEED=1 STEPS=300)
	@cargo run --quiet --locked -p daybook-tests --bin sim -- soak $(or $(SEED),1) $(or $(STEPS),300)

fmt: ## format the Rust sources
	@cargo fmt --all

soak-crash: ## kill -9 the service again and again under load, and compare (KILLS=300)
	@cargo build -p daybook
	@NATS_SERVER_BIN=$$(scripts/get-nats-server.sh) DAYBOOK_TEST_KILLS=$(or $(KILLS),300) \
		cargo test -p daybook-tests --test all -- crash::random_kills:: --nocapture

recovery: ## how long a large ledger takes to come back after a kill (EVENTS=10000000; some gigabytes of disk)
	@cargo build --release -p daybook
	@DAYBOOK_TEST_EVENTS=$(or $(EVENTS),10000000) DAYBOOK_BIN=$(abspath $(or $(CARGO_TARGET_DIR),target))/release/daybook \
		cargo test -p daybook-tests --test all -- crash::recovery:: --ignored --nocapture
