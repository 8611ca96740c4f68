# make help lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The modules of this repository; only the first one ships.
MODULES := . test/cluster test/live test/manifests test/monitoring test/oracle test/soak
LINT := go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Show the main job on a live control plane (KEEP=1 leaves it up)
	@go run -C test/live ./demo

# Values in, values out, on generated meshes by the thousand: no goroutine to race,
# and ten times as long under the race detector.
PURE := ./pkg/validate/rules ./test

.PHONY: test
test: controlplane ## Run every test, unit and integration, with the race detector
	@echo "== go test $(PURE)"; go test -shuffle=on $(PURE)
	@echo "== go test ."; go test -race -shuffle=on $$(go list ./... | grep -vxF "$$(go list $(PURE))")
	@for module in test/cluster test/live test/manifests test/monitoring; do echo "== go test $$module"; go test -C $$module -race -shuffle=on -timeout 20m ./...; done
	@echo "== go test test/oracle"; go test -C test/oracle -shuffle=on ./...

.PHONY: build
build: ## Build bin/meshward
	go build -trimpath -o bin/meshward ./cmd/webhook

.PHONY: image
image: ## Build the image $IMAGE (default meshward:dev) for $PLATFORMS, with its contents in bin/image
	@config/image/build

.PHONY: reproducible
reproducible: ## Check that a build in another folder has the same bytes
	@config/image/reproducible

.PHONY: lint
lint: ## Lint every module
	@for module in $(MODULES); do echo "== lint $$module"; (cd $$module && $(LINT) run ./...); done

.PHONY: generate
generate: ## Rewrite what is made of the code: the pages of the rules and the reasons, the webhooks
	go test ./pkg/validate/rules -update
	go test ./pkg/selection -run TestManifest -update
	go test -C test/manifests -run TestBootstrapIsFresh -update
	go test ./pkg/admit -run TestReasonsPage -update
	go test ./cmd/webhook -run TestMetricsPage -update

.PHONY: verify
verify: ## Check that generated files and go.mod files are fresh
	@for module in $(MODULES) tools; do echo "== go mod tidy $$module"; go mod tidy -C $$module -diff; done
	@go test -count=1 -run 'TestRules|TestIndex' ./pkg/validate/rules
	@go test -count=1 -run 'TestManifest|TestReasonsPage|TestMetricsPage' ./pkg/selection ./pkg/admit ./cmd/webhook
	@go test -C test/manifests -count=1 -run TestBootstrapIsFresh

.PHONY: oracle
oracle: ## Hold the rules against istiod itself on N generated meshes from SEED
	@go build -C test/oracle -o oracle .
	@cd test/oracle && ./oracle -n $${N:-500} -seed $${SEED:-1} $${ARGS:-}

.PHONY: oracle-inject
oracle-inject: ## Hold the injector against Istio's on N generated workloads from SEED
	@go build -C test/oracle -o $(CURDIR)/bin/oracle-inject ./cmd/inject
	@cd test/oracle && $(CURDIR)/bin/oracle-inject -n $${N:-500} -seed $${SEED:-1} $${ARGS:-}

.PHONY: bench
bench: ## Measure what has a budget and hold it to it (ARGS="-only 'inject a pod'" for some)
	@go run ./test/bench $(ARGS)

.PHONY: bench-peers
bench-peers: ## Measure Istio's injector and analyzers beside ours, in one run
	@go run ./test/bench -table peers $(ARGS)

.PHONY: bench-guard
bench-guard: ## Hold what is allocated to what it was
	@go run ./test/bench -table guard -count 1 $(ARGS)

.PHONY: bench-live
bench-live: ## Measure the cost through an API server, and what one replica holds
	@go run -C test/live ./bench

.PHONY: soak
soak: controlplane ## Run meshward for half an hour under all that happens to clusters (ARGS="-restarts 2 -rotations 2" for minutes)
	@go build -C test/soak -o $(CURDIR)/bin/soak .
	@bin/soak $${ARGS:-}

.PHONY: fuzz
fuzz: ## Fuzz everything that parses bytes from outside, FUZZTIME each (default 30s)
	@go test -list '^Fuzz' ./... \
		| awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' \
		| while read -r package name; do \
			echo "== $$package $$name"; \
			go test "$$package" -run '^$$' -fuzz "^$$name\$$" -fuzztime "$${FUZZTIME:-30s}"; \
		done

.PHONY: controlplane
controlplane: ## Build the test control plane (once, some minutes)
	@go run -C test/cluster ./cmd/cluster build
