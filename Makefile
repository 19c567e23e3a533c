# What CI runs is what you run: every check is a target here.
#
#   make test    everything hermetic: fmt, clippy, unit, integration, Rego, docs   (Rust and a C compiler)
#   make demo    the story of an image, from unsigned to admitted, with the real binaries
#   make e2e     cosign 2 and 3, a real API server, real registries, Helm          (also Go, curl, openssl, python3)
#   make dist    stripped static binaries in dist/
#   make fuzz    every parser of outside bytes, a minute each                      (also a nightly toolchain, cargo-fuzz)
#   make bench   what verification costs, as ratios in one run
#   make mutants changes of the code that no test notices                          (also cargo-mutants; hours)

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

TARGET := x86_64-unknown-linux-gnu
RELEASE := target/$(TARGET)/release
BINARIES := countersign countersign-webhook countersign-certs
CRATES := image workload registry evidence policy review signing testkit certs webhook cli kind-e2e tests
PEERS ?= $(or $(COUNTERSIGN_PEERS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/countersign/peers)
# A folder of black-box scripts to run after our own scenarios; none by default.
ACCEPTANCE ?=

.PHONY: help
help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,9p'

.PHONY: test
test: lint
	cargo build --locked --workspace --bins
	cargo test --locked --workspace

.PHONY: lint
lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

# The same tests in a network namespace that holds nothing but loopback.
.PHONY: test-offline
test-offline:
	cargo test --locked --workspace --no-run
	cargo build --locked --workspace --bins
	unshare -r -n bash -c 'ip link set lo up && cargo test --offline --locked --workspace'

# Each crate's manifest suffices without its neighbours' features.
.PHONY: each-crate
each-crate:
	for crate in $(CRATES); do echo "== $$crate"; cargo check --locked --quiet -p countersign-$$crate; done

# Bans, licences and sources; advisories where the network has the database.
.PHONY: deny
deny:
	cargo deny check bans licenses sources

.PHONY: demo
demo:
	cargo build --locked --workspace --bins
	BIN=target/debug tests/demo.sh

.PHONY: dist
dist:
	RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" cargo build --locked --release --target $(TARGET) \
	    -p countersign-cli -p countersign-webhook -p countersign-certs
	mkdir -p dist
	for binary in $(BINARIES); do install -m 755 $(RELEASE)/$$binary dist/$$binary; done
	@for binary in $(BINARIES); do \
	    dist/$$binary --version > /dev/null || { echo "$$binary does not start"; exit 1; }; \
	    size=$$(stat -c %s dist/$$binary); echo "$$binary $$((size / 1000)) kB"; \
	    [ $$size -le 20000000 ] || { echo "$$binary is over 20 MB"; exit 1; }; \
	done

.PHONY: peers
peers:
	COUNTERSIGN_PEERS=$(PEERS) kind-e2e/peers/build.sh

.PHONY: e2e
e2e: dist peers
	cargo build --locked --bin testkit-registry
	BIN=$(CURDIR)/dist PEERS=$(PEERS) TESTKIT=$(CURDIR)/target/debug cargo run --locked --quiet -p countersign-kind-e2e
	for script in $(if $(ACCEPTANCE),$(wildcard $(ACCEPTANCE)/*.sh)); do \
	    echo "== $$script"; BIN=dist PEERS=$(PEERS) bash $$script; \
	done

# Seconds for each target, and the targets; all by default.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard tests/fuzz/targets/*.rs)))
NIGHTLY ?= nightly

.PHONY: fuzz
fuzz:
	@command -v cargo-fuzz > /dev/null || cargo install --locked cargo-fuzz --version '^0.13'
	@rustup toolchain list | grep -q '^$(NIGHTLY)' || rustup toolchain install $(NIGHTLY) --profile minimal
	cargo +$(NIGHTLY) fuzz build --fuzz-dir tests/fuzz
	for target in $(FUZZ_TARGETS); do \
	    mkdir -p tests/fuzz/corpus/$$target; \
	    cargo +$(NIGHTLY) fuzz run --fuzz-dir tests/fuzz $$target tests/fuzz/corpus/$$target tests/fixtures -- \
	        -max_total_time=$(FUZZ_SECONDS) -max_len=131072 -rss_limit_mb=4096 -timeout=20 -print_final_stats=1; \
	done

# Figures are ratios, measured in one run; it fails if one is over its bound.
.PHONY: bench
bench:
	cargo run --locked --release --quiet -p countersign-bench

# Mutants of what decides. A survivor that turns a denial into an admission wants a test; FILES chooses, for less than hours.
FILES ?= crates/policy/src/** crates/review/src/**

.PHONY: mutants
mutants:
	@command -v cargo-mutants > /dev/null || \
	    { echo "make mutants needs cargo-mutants: cargo install --locked cargo-mutants"; exit 2; }
	cargo mutants --no-shuffle --timeout 300 $(foreach file,$(FILES),--file '$(file)') \
	    --package countersign-policy --package countersign-review

.PHONY: clean
clean:
	cargo clean
	rm -rf dist
