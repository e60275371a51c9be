# Everything is set up on first use, below .cache/, and kept; `make clean` starts over. `make help` lists the targets.
#
# Needed: Python 3.11 or later with its venv module, and a Python package index. Real VPN tunnels also need root, openvpn,
# ip and ping, clusters need mariadbd, and WireGuard files are tried with wg-quick; demo and test install what they use of these
# with apt-get, where root runs them on Debian, and say so.
# PYTHON=/path/to/python3 chooses the interpreter; the default is the first that works of the versions below.

VERSIONS := 3.12 3.13 3.14 3.11
BIN := $(CURDIR)/.cache/venv/bin
READY := .cache/venv/.ready
STAGES := lint types unit units sanity integration molecule docs build
# Stages of `make test-all` alone.
MORE := ansible-units

# Settings of the person who calls make must not decide what the tests do, least of all to which server they talk. Without
# bytecode, each of hundreds of processes would compile Ansible anew, which takes more time than what it then does.
SETTINGS := EXHAUSTIVE ANSIBLE_% MOLECULE_% PYTEST_% VPN_ESTATE_% PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
unexport $(filter $(SETTINGS),$(.VARIABLES))
export PATH := $(BIN):$(PATH)
export LC_ALL := C.UTF-8
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache
export ANSIBLE_CONFIG := $(CURDIR)/.cache/ansible.cfg
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export NO_COLOR := 1
# The cheap way to count lines, where Python has it.
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

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo 'Stages of the test: $(STAGES), and of test-all: $(MORE)'

demo: $(READY) packages database ## show the collection at work on simulated servers
	$(BIN)/python playbooks/demo/demo.py

serve: $(READY) ## run three simulated servers to play with, until Ctrl-C
	@$(BIN)/python tools/serve.py

test: $(READY) packages database ## run every stage, then say what passed, failed and was skipped
	@$(BIN)/python tools/stage.py $(STAGES)

test-all: $(READY) packages database browser ## the same with the long tests, and ten times as many generated examples
	@EXHAUSTIVE=1 $(BIN)/python tools/stage.py $(STAGES) $(MORE)

$(STAGES) $(MORE): $(READY)
	@$(BIN)/python tools/stage.py $@

generate: $(READY) ## write what follows from other files
	@$(BIN)/python tools/generate.py

bench: $(READY) database ## measure; nothing here passes or fails
	@mkdir -p .cache/bench
	$(BIN)/python tests/bench/run.py --patient --json .cache/bench/users.json
	$(BIN)/python tests/bench/fleet.py --json .cache/bench/fleet.json
	$(BIN)/python tests/bench/whole.py --json .cache/bench/whole.json
	$(BIN)/python tests/bench/export.py --json .cache/bench/export.json
	$(BIN)/python tests/bench/goals.py --json .cache/bench/goals.json
	$(BIN)/python tests/bench/cluster.py --json .cache/bench/cluster.json

mutants: $(READY) .cache/venv-mutants/.ready ## change the code in many places, and count what the unit tests find (MUTANTS="--help")
	@$(BIN)/python tools/mutants.py $(MUTANTS)

packages:
	@sh tools/packages.sh ip=iproute2 openvpn=openvpn ping=iputils-ping wg=wireguard-tools

database:
	@sh tools/packages.sh mariadbd=mariadb-server

browser:
	@sh tools/packages.sh chromium=chromium

pins: $(READY) ## lock the latest versions of everything, with their hashes
	@sh tools/pins.sh

clean: ## remove everything that was generated
	rm -rf .cache .ansible tests/output

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
