# The one entry point, for people and for CI. Every verb is thin: what it does is in the script or the
# cargo command that it calls. One profile: what is tested is what runs.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CARGO := cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
SUITE := integration/suite/run

.DEFAULT_GOAL := help
.PHONY: help build demo serve test check test-unit test-host test-vm test-packages test-walls test-web test-attacks bench bench-quick bench-vm clean

help: ## these lines
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

build: ## the programs, into target/release
	$(CARGO) build --release --workspace --bins

demo: build ## the whole of it in a minute: deploy, invoke, attack, watch (as root or through sudo)
	$(SUDO) integration/demo/run

serve: build ## a daemon in the foreground with contrib/dev.toml (as root or through sudo)
	$(SUDO) $(TARGET)/release/skepd --config contrib/dev.toml

test: ## every test: test-host, test-vm, the same tests on both, test-packages, test-walls; then the counts
	$(SUITE) all

check: ## what needs no root: format, lints, documentation, house rules, scripts
	$(CARGO) fmt --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --release --workspace --no-deps --document-private-items
	$(SUITE) scripts
	$(SUITE) tidy

test-unit: ## unit tests of every crate, and the client against a fake daemon
	$(SUITE) unit

test-host: ## unit tests, and the integration suite on this machine's own kernel
	$(SUITE) unit host

test-vm: ## the integration suite in a virtual machine that has control groups of version 2 only
	$(SUITE) vm

test-packages: ## packages of npm against a daemon of its own; installs them
	$(SUITE) packages

test-walls: ## takes away each wall in turn and demands that its test fails
	$(SUITE) walls

test-web: build ## a folder of web-platform-tests as apps, and a table of what passed: WPT=FOLDER, if you like ONLY="url streams", EXCEPT=…, REFERENCE=FILE (as root or through sudo)
	$(SUDO) $(TARGET)/release/test-web $(if $(WPT),"$(WPT)") $(foreach place,$(ONLY),--only "$(place)") \
		$(foreach place,$(EXCEPT),--except "$(place)") $(if $(REFERENCE),--reference "$(REFERENCE)") --out $(TARGET)/test-web.jsonl

test-attacks: build ## attacks of callers at length: the daemon's memory and CPU, what a neighbour notices, and whether bills add up (as root or through sudo)
	$(SUDO) $(TARGET)/release/attacks
	$(SUDO) $(TARGET)/release/bills

bench: build | target/bench ## how fast it is, beside others in the same run (as root or through sudo); installs those
	$(SUDO) $(TARGET)/release/bench

bench-quick: build | target/bench ## only the rows that decide
	$(SUDO) $(TARGET)/release/bench --quick

bench-vm: build | target/bench ## the rows that depend on control groups of version 2, a tenth of each, in the virtual machine
	$(SUDO) $(TARGET)/release/bench --install
	integration/vm/run --cpus 1 --memory 4096 --timeout 1200 --keep target/bench/unified.json -- \
		$(TARGET)/release/bench --unified --divide 10 --out /run/skep-vm/kept

# Ours, although root writes into it.
target/bench:
	@mkdir -p $@

clean: ## removes everything that was built, the virtual machine included
	$(CARGO) clean
