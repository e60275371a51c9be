#!/bin/sh
# Stands in for ssh: runs on this machine what it is told to run on another, which is its last argument.
for command; do :; done
exec sh -c "$command"
