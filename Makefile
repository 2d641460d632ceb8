# Tieout. Two commands matter: `make run` and `make test`.
SHELL := /bin/bash
GO ?= go
# An empty home is enough: Go keeps its caches below it, or in .tieout when there is no home at all.
export GOCACHE ?= $(if $(HOME),$(HOME)/.cache/go-build,$(CURDIR)/.tieout/go-build)
export GOFLAGS ?= -buildvcs=false
ARGS ?=
TESTS ?= ./...
GENERATED := sqlc views/*_templ.go

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

.PHONY: test
test: ## Run every test: race detector, shuffled, browser and workbook tests included
	@scripts/need postgresql chromium libreoffice
	@$(GO) run ./app/database/dbtest/server start
	@status=0; $(GO) test -race -shuffle=on -timeout 20m $(TESTS) || status=$$?; \
		$(GO) run ./app/database/dbtest/server stop; exit $$status

.PHONY: bench
bench: ## Print the benchmark table
	@scripts/need postgresql
	@$(GO) run ./app/database/dbtest/server start
	@status=0; $(GO) test -run '^$$' -bench . -benchmem -timeout 60m $(BENCH) || status=$$?; \
		$(GO) run ./app/database/dbtest/server stop; exit $$status
BENCH ?= ./app/settlement/... ./app/mapping ./app/journal ./app/web

.PHONY: generate
generate: ## Generate code from queries and templates
	$(GO) tool sqlc generate
	$(GO) tool templ generate -path views -log-level error

.PHONY: verify
verify: lint ## Check that generated code is current, and lint
	@scripts/generated-is-current

.PHONY: lint
lint: ## gofmt, vet, staticcheck, import floors
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these files"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 -run '^TestArchitecture' .

.PHONY: clean
clean: ## Remove what was built; the demonstration's data stays
	rm -rf bin
