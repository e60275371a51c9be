# The first use of a target sets up what it needs below .cache/ and keeps it; `make clean` removes it. `make help` lists the targets.
#
# Required: Python 3.11 or later with its venv module, and a Python package index. Real VPN tunnels also need root, openvpn,
# ip and ping, clusters need mariadbd, and tests of WireGuard files need wg-quick. If root runs demo or test on Debian, they install
# these programs with apt-get, and print that.
# PYTHON=/path/to/python3 sets the interpreter; the default is the first of the versions below that works.

VERSIONS := 3.12 3.13 3.14 3.11
BIN := $(CURDIR)/.cache/venv/bin
READY := .cache/venv/.ready
STAGES := lint types unit units sanity integration molecule docs build
# Stages of `make test-all` alone.
MORE := ansible-units

# The user's own settings must not change what the tests do, and above all not to which server they connect. Without
# bytecode, each of hundreds of processes would compile Ansible again, which takes more time than its work.
SETTINGS := EXHAUSTIVE ANSIBLE_% MOLECULE_% PYTEST_% VPN_ESTATE_% PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
unexport $(filter $(SETTINGS),$(.VARIABLES))
export PATH := $(BIN):$(PATH)
export LC_ALL := C.UTF-8
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache
export ANSIBLE_CONFIG := $(CURDIR)/.cache/ansible.cfg
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export NO_COLOR := 1
# The fast way to count lines, if Python has it.
export COVERAGE_CORE := sysmon
export ANSIBLE_NOCOLOR := 1
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache
ifneq ($(HTTP_PROXY)$(HTTPS_PROXY)$(ALL_PROXY)$(http_proxy)$(https_proxy)$(all_proxy),)
comma := ,
export NO_PROXY := 127.0.0.1,localhost$(addprefix $(comma),$(or $(NO_PROXY),$(no_proxy)))
export no_proxy := $(NO_PROXY)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-all serve bench mutants generate packages database browser pins clean $(STAGES) $(MORE)

help: ## Show this list.
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  make STAGE      Run one stage: $(STAGES) $(MORE).'

##@ Try the collection on simulated servers
demo: $(READY) packages database ## Show the collection at work, in about three minutes.
	@$(BIN)/python playbooks/demo/demo.py

serve: $(READY) ## Start three simulated servers for your own trials, until Ctrl-C.
	@$(BIN)/python tools/serve.py

##@ Maintain the code
generate: $(READY) ## Write the files that follow from others: documentation blocks, schemas, tables of variables.
	@$(BIN)/python tools/generate.py

bench: $(READY) database ## Measure times and requests; nothing passes or fails.
	@mkdir -p .cache/bench
	$(BIN)/python tests/bench/run.py --patient --json .cache/bench/users.json
	$(BIN)/python tests/bench/fleet.py --json .cache/bench/fleet.json
	$(BIN)/python tests/bench/whole.py --json .cache/bench/whole.json
	$(BIN)/python tests/bench/export.py --json .cache/bench/export.json
	$(BIN)/python tests/bench/goals.py --json .cache/bench/goals.json
	$(BIN)/python tests/bench/cluster.py --json .cache/bench/cluster.json

mutants: $(READY) .cache/venv-mutants/.ready ## Count how many small changes of the code the unit tests find (MUTANTS="--help").
	@$(BIN)/python tools/mutants.py $(MUTANTS)

pins: $(READY) ## Lock the latest versions of all requirements, with their hashes.
	@sh tools/pins.sh

clean: ## Remove everything that make has created.
	rm -rf .cache .ansible tests/output

##@ Test the code
test: $(READY) packages database ## Run all stages, and show what passed, failed and was skipped.
	@$(BIN)/python tools/stage.py $(STAGES)

test-all: $(READY) packages database browser ## Run all stages with the long tests and ten times as many generated examples.
	@EXHAUSTIVE=1 $(BIN)/python tools/stage.py $(STAGES) $(MORE)

$(STAGES) $(MORE): $(READY)
	@$(BIN)/python tools/stage.py $@

packages:
	@sh tools/packages.sh ip=iproute2 openvpn=openvpn ping=iputils-ping wg=wireguard-tools

database:
	@sh tools/packages.sh mariadbd=mariadb-server

browser:
	@sh tools/packages.sh chromium=chromium

.cache/venv/.ready: requirements-dev.lock
	@sh tools/venv.sh .cache/venv requirements-dev.lock $(VERSIONS)
	@mkdir -p .cache/ansible_collections/vpn
	@ln -sfn ../../.. .cache/ansible_collections/vpn/estate
	@: >$(ANSIBLE_CONFIG)

# As in .cache/versions/2.16-3.10/.ready, for ansible-core 2.16 on Python 3.10.
.cache/versions/%/.ready: $(wildcard tests/versions/*.lock)
	@PYTHON= sh tools/venv.sh $(@D) \
	  "tests/versions/requirements.lock tests/versions/ansible-core-$(firstword $(subst -, ,$*)).lock" $(lastword $(subst -, ,$*))

.cache/venv-mutants/.ready: requirements-mutants.lock
	@sh tools/venv.sh .cache/venv-mutants requirements-mutants.lock $(VERSIONS)
