#!/bin/sh
# Replaces ssh: runs its last argument, the command for another machine, on this machine.
for command; do :; done
exec sh -c "$command"
