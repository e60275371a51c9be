# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only way to read a file that a task names: a regular file, of limited size, without waiting for a writer."""

from __future__ import annotations

import errno
import os
import stat
import typing as t

from .._text.errors import InputError

VAULTED = b"$ANSIBLE_VAULT;"
LIMIT = "vpn_estate_src_limit"  # a variable; in capitals, in the environment
USUAL_LIMIT = 64  # megabytes; a hundred thousand users need 20
MEGABYTE = 1 << 20  # bytes

Read = t.Callable[[str], bytes]


class Irregular(OSError):
    """A pipe, a device, a socket or a folder, where a regular file is needed; or a file that others can use."""


def opened(path: str, flags: int = 0) -> int:
    """A descriptor of a regular file for reading. Raises OSError; Irregular for everything else that has a path.

    Opening a pipe would wait for a writer, and a device may never end; so it is opened without waiting.
    """
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | flags)
    if stat.S_ISREG(os.fstat(number).st_mode):
        return number
    os.close(number)
    raise Irregular(errno.EINVAL, "it is not a regular file", path)


def fault_of(found: os.stat_result, others: int = 0o077) -> str:
    """Why a file is not a regular file with one name that only this account can use; empty where it is.

    ``others`` are the bits of its mode that let other users use it.
    """
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    if found.st_nlink != 1:
        return "it has several names (hard links)"
    return "other users can use it" if stat.S_IMODE(found.st_mode) & others else ""


def own_file(path: str) -> int:
    """A descriptor of a file for reading and writing, created if it does not exist. Raises OSError where others could write to it.

    Other users cannot read it from now on.
    """
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    fault = fault_of(os.fstat(number), 0o022)
    if not fault:
        os.fchmod(number, 0o600)
        return number
    os.close(number)
    raise Irregular(errno.EINVAL, fault, path)


def refuse_shared_folder(path: str) -> None:
    """Raise OSError for a folder in which another user could create or replace a file, and for a link to a folder."""
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise Irregular(errno.ENOTDIR, "it is not a folder", path)
    if found.st_uid != os.geteuid():
        raise Irregular(errno.EINVAL, "it belongs to another user", path)
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise Irregular(errno.EINVAL, "other users can write to it", path)


def plain_read(path: str) -> bytes:
    """The content of a file as it is, encrypted or not. Raises OSError, also where it is larger than the limit."""
    limit = _limit()
    with open(opened(path), "rb") as file:
        content = file.read(limit * MEGABYTE + 1)
    if len(content) > limit * MEGABYTE:
        raise OSError(errno.EFBIG, f"it is larger than {limit} MB. Set {LIMIT} to a larger number of MB", path)
    return content


def _limit() -> int:
    text = os.environ.get(LIMIT.upper(), str(USUAL_LIMIT))
    if not text.isdecimal() or not int(text):
        raise InputError(f"{LIMIT}: {text!r} is not a whole number of megabytes; the smallest value is 1.")
    return int(text)


def content_of(option: str, path: str, read: Read) -> bytes:
    """The content of a file that an option names, unencrypted. Raises InputError."""
    try:
        content = read(path)
    except OSError as exc:
        raise InputError(f"{option}: {path} cannot be read: {exc.strerror}.") from exc
    if content.startswith(VAULTED):
        raise InputError(
            f"{option}: {path} is encrypted by ansible-vault. Only a task that Ansible runs in its own process can read it; this "
            "one runs as a module."
        )
    return content
