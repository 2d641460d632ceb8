# Tieout. Two commands matter: `make run` and `make test`.
SHELL := /bin/bash
GO ?= go
# A clone that belongs to somebody else must build too: no version control stamp.
export GO
export GOFLAGS ?= -buildvcs=false
# Without a home folder Go's caches are kept here.
ifeq ($(HOME),)
export GOPATH ?= $(CURDIR)/.tieout/go
export GOCACHE ?= $(CURDIR)/.tieout/go-build
endif
ARGS ?=
BENCH ?= ./app/settlement/... ./app/mapping ./cmd/tieout
# Runs a command beside a PostgreSQL of its own, which ends with it.
DATABASE := $(GO) run ./app/database/dbtest/server
WITH_DATABASE := $(DATABASE) with

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## Build bin/tieout and bin/sandbox
	$(GO) build -o bin/ ./cmd/...

.PHONY: run
run: build ## Start everything on this machine with a simulated seller (ARGS="--fresh" begins anew)
	@scripts/need postgresql
	bin/tieout demo $(ARGS)

# Compiling and testing are many short-lived texts: collecting them later is a tenth of the time.
test verify lint: export GOGC ?= 400

.PHONY: test
test: ## Run every test: shuffled, browser and workbook tests included; the race detector in all but cmd/tieout
	@scripts/need compiler postgresql chromium libreoffice
	@$(DATABASE) in-memory scripts/test

.PHONY: stop-test-db
stop-test-db: ## Stop the PostgreSQL that tests run by hand leave running
	@$(GO) run ./app/database/dbtest/server stop

.PHONY: bench
bench: ## Print the benchmark table
	@scripts/need postgresql hledger
	@set -o pipefail; $(WITH_DATABASE) $(GO) test -p 1 -run '^$$' -bench . -benchmem -timeout 60m $(BENCH) | scripts/bench-table

FUZZTIME ?= 30s
SOAK ?= 14m
KILLS ?= 500
.PHONY: soak
soak: build ## Kill a process at each step of its work and 500 times at random, every fault in turn, two versions at once, a day of faults, fuzz every parser (about 90 minutes)
	@scripts/need compiler postgresql chromium libreoffice faketime
	$(WITH_DATABASE) $(GO) test -race -timeout 60m ./cmd/tieout
	SOAK=1 $(WITH_DATABASE) $(GO) test -count=1 -v -run 'Killed|TwoVersions|EveryForm|Gigabytes|IsPacked|AHostile' -timeout 90m ./cmd/sandbox/bothsides ./cmd/tieout ./app/settlement/report ./app/sheet ./app/closing/binder
	bin/tieout soak --length $(SOAK) --kills $(KILLS)
	bin/tieout day
	scripts/fuzz $(FUZZTIME)

.PHONY: generate
generate: ## Generate code from queries and templates
	$(GO) tool sqlc generate
	$(GO) tool templ generate -path views -log-level error

.PHONY: licences
licences: ## Write docs/dependencies.md and the licences' texts that are in the program
	@$(GO) run ./scripts/licences

.PHONY: sbom
sbom: build ## Write bin/tieout.cdx.json, the CycloneDX bill of materials of the program
	$(GO) tool -modfile=scripts/tools.mod cyclonedx-gomod bin -json -std -licenses -version unreleased -output bin/tieout.cdx.json bin/tieout
	@$(GO) run ./scripts/licences -bill bin/tieout.cdx.json

.PHONY: vulnerabilities
vulnerabilities: ## Ask Go's database of vulnerabilities about the program (VULNDB=file:///path for a copy of it)
	@scripts/vulnerabilities

.PHONY: verify
verify: lint ## Check that generated code is current, and lint
	@scripts/generated-is-current

.PHONY: lint
lint: ## gofmt, vet, staticcheck, import floors
	@unformatted=$$(find . -name '.?*' -prune -o -name '*.go' -print0 | xargs -0 gofmt -l) && \
		test -z "$$unformatted" || { echo "$$unformatted"; echo "run gofmt -w on these files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 -run '^TestArchitecture' .

.PHONY: clean
clean: ## Remove what was built; the demonstration's data stays
	rm -rf bin
