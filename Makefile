# `make demo` runs the main job; `make test` passes the tests. Both set up what they need.

.PHONY: demo check test engines example simulate bench soak browser screenshots package setup setup-tests \
	setup-tools setup-browser setup-package openapi openapi-check sdk help
.DEFAULT_GOAL := help

# One target folder and one set of flags for everything, so that nothing is built twice.
CARGO := cargo
SECONDS := 60
SEED := 0

help: ## List what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-12s %s\n", $$1, $$2 }'

demo: setup ## Watch a simulated registry and deploy to a simulated Nomad; ends after SECONDS.
	$(CARGO) run --quiet --package registrywatcher-server -- demo --seconds $(SECONDS)

check: setup ## Format, lints, documentation, and whether generated files are up to date.
	$(CARGO) fmt --all --check
	# Alone, so that a feature which another crate turns on cannot hide a clock or a socket in the core.
	$(CARGO) check --package registrywatcher --locked
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --locked --quiet
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --workspace check bans licenses sources; \
	else echo "cargo-deny is not installed: licences, bans and sources are not checked"; fi

test: setup-tests ## All tests, against the real registry, PostgreSQL and whatever else a user would have.
	REGISTRYWATCHER_REQUIRE_BACKENDS=1 $(CARGO) test --workspace --all-targets --locked
	$(CARGO) test --workspace --doc --locked

engines: setup-tests ## A real dockerd and a real registry: releases as a container and as a service, and a watch that moves.
	REGISTRYWATCHER_REQUIRE_BACKENDS=1 $(CARGO) test --package registrywatcher-server --test system --locked -- engines::

# Its lock file is this one, so that what it is built with was tested here, and most of it is built already.
example: EXAMPLE := examples/deployer-out-of-tree
example: export CARGO_TARGET_DIR ?= $(CURDIR)/target
example: setup ## Build a program with a deployer of its own, from outside of the workspace, and run the conformance suite over it.
	cp Cargo.lock $(EXAMPLE)/Cargo.lock
	$(CARGO) fmt --manifest-path $(EXAMPLE)/Cargo.toml --check
	$(CARGO) clippy --manifest-path $(EXAMPLE)/Cargo.toml --all-targets -- --deny warnings
	$(CARGO) test --manifest-path $(EXAMPLE)/Cargo.toml

simulate: setup ## Replay the run of the simulation that SEED decides, with its trace.
	@$(CARGO) run --quiet --package registrywatcher-simulation -- $(SEED)

bench: setup-tests ## Speed and memory, as ratios in one run.
	$(CARGO) bench --package registrywatcher-server --bench watching

soak: SECONDS := 1200
soak: setup-tests ## Two replicas, 200 watches, and one of them killed every few seconds, for SECONDS; prints what came of it.
	REGISTRYWATCHER_REQUIRE_BACKENDS=1 REGISTRYWATCHER_SOAK_SECONDS=$(SECONDS) \
	$(CARGO) test --quiet --package registrywatcher-server --test system --locked -- --ignored --exact replicas::soak --nocapture

# Node.js is that of the tools.
browser screenshots: NODE := PATH="$(CURDIR)/target/tools/bin:$$PATH" node
browser: setup-browser ## The tests of the page, in Chromium.
	$(NODE) --test --test-reporter=spec tests/browser/page.test.js

screenshots: setup-browser ## Pictures of each page at three widths, light and dark, in target/screenshots; the README's in docs/images.
	$(NODE) tests/browser/screenshots.js target/screenshots
	mkdir -p docs/images
	cp target/screenshots/overview-wide-light.png docs/images/overview.png

package: setup-package ## A static program, a container image, a Debian package and an SBOM, in target/package.
	packaging/make

openapi: ## Write openapi/registrywatcher.json anew.
	REGISTRYWATCHER_UPDATE=1 $(CARGO) test --package registrywatcher-api-rest

openapi-check: setup-tools ## Lint the OpenAPI document, compare it with earlier ones, and try the server against it.
	$(CARGO) build --package registrywatcher-server --locked
	openapi/check

sdk: setup-tools ## Generate the clients in sdk/, and run the tour of each against a server.
	$(CARGO) build --package registrywatcher-server --locked
	sdk/generate
	.ci/with-server 900 sdk/try

setup:
	@.ci/setup

setup-tests:
	@.ci/setup tests

setup-tools:
	@.ci/setup tools

setup-browser: setup-tools
	@.ci/setup browser
	$(CARGO) build --package registrywatcher-server --locked
	$(CARGO) build --package registrywatcher-simulator --example stage --locked

setup-package:
	@.ci/setup package
