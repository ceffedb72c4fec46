# make demo       registers agents, mints, delegates, verifies and revokes, end to end, and shows it
# make demo-approval  a refund that people must approve; WAIT=1 lets you approve it from a second terminal
# make demo-governance  what is taken back, a quota that is reached, and who is told
# make demo-cluster  three brokers on one PostgreSQL database; one stands still, one is killed
# make serve      a broker that stays, at http://127.0.0.1:8480, with its data in var/serve
# make build      the program, .build/debug/mayfly (CONFIGURATION=release for the fast one)
# make test       everything that a change must pass; the last line is the runner's
# make lint       the format rules, without changing a file
# make format     rewrites the sources to those rules
# make sanitize   the tests under the thread and the address sanitizer
# make connections  ten thousand idle connections at once; needs ulimit -n of 21000
# make bench      measures a release build against its peers, and prints ratios with a verdict each; FULL=1 with a
#                 million live tokens, ROWS="introspect token" only some rows
# make bench-peers  the same load on Mayfly and on Glewlwyd
# make bench-cluster  three brokers on one PostgreSQL: how long a revocation takes to be final everywhere
# make bench-micro  counts allocations per operation, and fails past Benchmarks/allocations.txt
# make crash      kills the broker 200 times and breaks its disk: nothing answered is lost (ROUNDS=n SEED=s)
# make model      100,000 made-up schedules of the protocol by which a revocation becomes final (SCHEDULES=n)
# make fuzz       made-up input for each parser, two minutes each
# make clean      removes what the build and the tests made; var/ stays

CONFIGURATION ?= debug
# A release holds Swift's runtime: it runs where no Swift is installed, and calls into the runtime are direct.
release := --configuration release --static-swift-stdlib
configuration = $(if $(filter release,$(CONFIGURATION)),$(release),--configuration $(CONFIGURATION))
PYTHON ?= python3

mayfly = .build/$(CONFIGURATION)/mayfly
venv := $(CURDIR)/.venv
with_python := MAYFLY_TEST_PYTHON=$(venv)/bin/python

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: build demo demo-approval demo-governance demo-cluster serve test connections bench bench-peers bench-cluster \
    bench-micro lint format sanitize crash fuzz model packages test-packages bench-packages peers-packages clean

build: packages
	swift build $(configuration)

# What is shown and what stays is the program as it ships.
demo demo-approval demo-governance demo-cluster serve bench bench-peers bench-cluster: CONFIGURATION = release

demo: build
	@MAYFLY=$(mayfly) scripts/demo

demo-approval: build
	@MAYFLY=$(mayfly) scripts/demo-approval $(if $(WAIT),--wait)

demo-governance: build
	@MAYFLY=$(mayfly) scripts/demo-governance

demo-cluster: test-packages build
	@MAYFLY=$(mayfly) scripts/demo-cluster

serve: build
	@mkdir -p var
	@test -e var/serve/config/mayfly.yaml || \
	    $(mayfly) init --dir var/serve --issuer http://127.0.0.1:8480 --listen 127.0.0.1:8480
	@exec $(mayfly) serve --dir var/serve

test: test-packages $(venv)/installed
	swift build
	@$(with_python) swift test --disable-xctest

connections: test-packages
	swift build --build-tests
	MAYFLY_CONNECTIONS=10000 swift test --skip-build --disable-xctest --filter ConnectionFloodTests

bench: bench-packages build
	@scripts/bench $(if $(FULL),--full) $(ROWS)

bench-peers: peers-packages build
	@scripts/bench peers

bench-cluster: bench-packages build
	@scripts/bench cluster

bench-micro: packages
	swift build $(release) --product mayfly-bench-micro
	@scripts/bench micro

lint:
	swift format lint --strict --parallel --recursive Sources Tests Fuzz Benchmarks Crash Package.swift

format:
	swift format --in-place --parallel --recursive Sources Tests Fuzz Benchmarks Crash Package.swift

sanitize: test-packages $(venv)/installed
	@$(with_python) scripts/sanitize thread
	@$(with_python) scripts/sanitize address

crash: packages
	swift build $(release) --product mayfly
	swift build $(release) --product mayfly-faults
	swift build $(release) --product mayfly-crash
	@scripts/crash $(or $(ROUNDS),200) $(SEED)

model: packages
	MAYFLY_SCHEDULES=$(or $(SCHEDULES),100000) swift test --disable-xctest --filter ClusterSimulationTests

fuzz: packages
	@scripts/fuzz 120

packages:
	@scripts/install-packages

bench-packages:
	@scripts/install-packages bench

peers-packages:
	@scripts/install-packages bench peers

test-packages:
	@scripts/install-packages test

# Other people's OAuth and JWT libraries, which the end-to-end tests drive.
$(venv)/installed: Tests/Python/requirements.txt
	$(PYTHON) -m venv $(venv)
	$(venv)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

clean:
	rm -rf .build .venv
