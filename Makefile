# Everything that building, checking and showing wfpsync needs is made here, and
# nothing has to be installed first but Go.

GO      ?= go
BIN     := bin/wfpsync
DEMO    := .demo
PORT    ?= 8787
STACK   := examples/multi-tenant
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The race detector needs a C compiler; without one the tests run without it.
RACE    := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && echo -race)
# What runs at the same time as itself. The tests of the program take a quarter of
# an hour under the race detector; `make race` is for them. Many of these wait for a
# workerd, so that more than one runs on each processor. Of the reports only the
# progress does.
CONCURRENT := ./applier ./planner ./internal/account/... ./internal/bundle ./internal/cloudflare/... ./internal/emulator/...
# What is not, and what has a test that the race detector would stop: these run without it.
ALONE    = ./internal/account $(filter-out $(shell $(GO) list $(CONCURRENT)),$(shell $(GO) list ./...))
# What `make check` leaves to `make test`: whole stories, and what needs workerd,
# wrangler or a browser.
SLOW    := ./cmd/wfpsync ./bench ./internal/differential ./internal/emulator/api ./internal/emulator/page ./internal/emulator/runtime ./internal/report/browser
TOOL    := $(GO) tool -modfile=tools/go.mod

.PHONY: build check runtime pin-runtime wrangler differential-packages differential test test-alone test-concurrent shapes vet lint bench race demo dev golden fuzz kill clean

build:
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/wfpsync

## check: what a change needs to hold within a minute, and prints how long it took; without network or npm
check: SHELL := bash
check: vet
	@time $(GO) test -short $(filter-out $(shell $(GO) list $(SLOW)),$(shell $(GO) list ./...))

## runtime: workerd for the tests that run Workers, pinned and from npm; without npm those tests are skipped
runtime: build
	@$(BIN) local install-runtime || echo "There is no workerd: the tests that need it are skipped."

## pin-runtime: the sha256 of each platform's workerd and of the polyfills, after every change of the packages that are pinned; npm holds their sha512 against package-lock.json
PINS := internal/emulator/runtime/npm
pin-runtime:
	@set -e; pins=$$PWD/$(PINS); unpacked=$$(mktemp -d); trap 'rm -rf $$unpacked' EXIT; \
	cp $$pins/*.json $$unpacked; cd $$unpacked; \
	for os in darwin linux; do for cpu in x64 arm64; do \
	  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --os=$$os --cpu=$$cpu >&2; \
	  package=@cloudflare/workerd-$$os-$${cpu#x}; version=$$(node -p "require('./node_modules/$$package/package.json').version"); \
	  echo "$$(shasum -a 256 <node_modules/$$package/bin/workerd | cut -c -64)  $$package@$$version"; \
	done; done >workerd.sha256; \
	mv workerd.sha256 $$pins/
	@set -e; pins=$$PWD/internal/polyfills/npm; unpacked=$$(mktemp -d); trap 'rm -rf $$unpacked' EXIT; \
	cp $$pins/*.json $$unpacked; cd $$unpacked; npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; cd node_modules; \
	find @cloudflare/unenv-preset/dist/runtime unenv/dist/runtime unenv/lib -name '*.[mc]js' | LC_ALL=C sort | xargs shasum -a 256 | shasum -a 256 | cut -c -64 >$$pins/polyfills.sha256

## wrangler: the wrangler that the local account is held against, pinned and from npm; without npm those tests are skipped
WRANGLER := tools/wrangler/node_modules/.package-lock.json
wrangler: $(WRANGLER)
$(WRANGLER): tools/wrangler/package.json tools/wrangler/package-lock.json
	@cd tools/wrangler && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || echo "There is no wrangler: the tests that need it are skipped."

## differential-packages: what the projects are made of that both wrangler and wfpsync bundle, pinned and from npm; without npm those tests are skipped
PACKAGES := tools/differential/node_modules/.package-lock.json
differential-packages: $(PACKAGES)
$(PACKAGES): tools/differential/package.json tools/differential/package-lock.json
	@cd tools/differential && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || echo "There are no packages: the tests that need them are skipped."

STARTERS := tools/differential/starters/node_modules/.package-lock.json
$(STARTERS): tools/differential/starters/package.json tools/differential/starters/package-lock.json
	@cd tools/differential/starters && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || echo "There are no frameworks: the projects that need them are skipped."

## differential: whether what wfpsync bundles runs as what wrangler bundles: all projects, or PROJECTS; docs/bundling.md
PROJECTS ?= .*
differential: runtime wrangler differential-packages $(STARTERS)
	WFPSYNC_DIFFERENTIAL=all $(GO) test -v -count=1 -timeout 60m -run '^TestDifferential$$/^($(PROJECTS))$$' ./internal/differential
	WFPSYNC_DIFFERENTIAL=all $(GO) test -count=1 -timeout 10m -run '^TestAsWrangler$$' ./internal/bundle

## test: everything that must hold. Both halves wait for other programs at times: they run side by side
test: lint runtime wrangler differential-packages
	@$(MAKE) --no-print-directory -j2 test-alone test-concurrent

test-alone:
	$(GO) test -timeout 30m $(ALONE)

test-concurrent:
	GOGC=400 $(GO) test $(RACE) -timeout 30m -parallel 6 $(CONCURRENT)
	$(GO) test $(RACE) -run Progress ./internal/report

## shapes: the scripts over every shape in which the API may list user Workers; what is compared byte for byte is part of the tests
shapes:
	@for shape in "without-tags null-script" "nested without-etag" "nested without-tags without-etag small-pages"; do \
	  echo "lists: $$shape"; \
	  WFPSYNC_TEST_LIST_SHAPE="$$shape" $(GO) test -timeout 30m -run '^TestScripts$$' ./cmd/wfpsync || exit 1; \
	done

## race: everything under the race detector
race: lint runtime wrangler differential-packages
	$(GO) test $(RACE) -timeout 50m ./...

## vet: formatting and vet
vet:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	$(GO) vet ./...

## lint: the same, and staticcheck
lint: vet
	$(TOOL) staticcheck ./...

## bench: timings, which tests never assert
bench: runtime
	$(GO) test -run '^$$' -bench . -benchmem ./...

## demo: the multi-tenant example on an account of its own on this machine, and its answers if workerd can be had
demo: runtime
	@rm -rf $(DEMO)
	$(BIN) plan -f $(STACK) --local=$(DEMO)
	$(BIN) apply -f $(STACK) --local=$(DEMO) --auto-approve
	$(BIN) plan -f $(STACK) --local=$(DEMO)
	@if $(BIN) local install-runtime >/dev/null 2>&1 && command -v curl >/dev/null; then \
	  curl -s -o /dev/null --max-time 2 http://127.0.0.1:$(PORT)/; \
	  [ $$? -eq 7 ] || { echo "Port $(PORT) is in use by another program: choose another with \`make demo PORT=…\`." >&2; exit 1; }; \
	  $(BIN) dev -f $(STACK) --local=$(DEMO) --port $(PORT) & dev=$$!; trap 'kill -INT $$dev; wait $$dev' EXIT; \
	  sleep 1; \
	  for tenant in customer-a customer-b nobody; do \
	    echo "$$tenant.platform.example.com answers:"; \
	    curl -s --retry 20 --retry-delay 1 --retry-connrefused --max-time 60 \
	      -H "Host: $$tenant.platform.example.com" http://localhost:$(PORT)/ || exit 1; \
	    echo; \
	  done; \
	fi

## dev: run the multi-tenant example until Ctrl-C
dev: runtime
	$(BIN) dev -f $(STACK) --local=$(DEMO)

## golden: rewrite the golden files; review what changed as part of the change
golden:
	$(GO) test . ./schema ./spec/stackfile ./spec/stackfile/internal/expression ./spec/stackfile/internal/list ./internal/report ./internal/bundle -update
	WFPSYNC_UPDATE_SCRIPTS=1 $(GO) test ./cmd/wfpsync

## fuzz: every fuzz target for FUZZTIME
FUZZTIME ?= 1m
fuzz:
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
	  done; \
	done

## kill: kill -9 an apply at KILLS moments, and the tests have a few of them
KILLS ?= 200
kill:
	WFPSYNC_TEST_KILLS=$(KILLS) $(GO) test -run '^TestKill$$' -v ./cmd/wfpsync

clean:
	rm -rf bin $(DEMO) .wfpsync
