# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directives of client profiles, for OpenVPN and WireGuard: which are harmless on a client, and with which parameters.

A profile comes from a server, and a client starts it as root. Many directives run programs or use other files, so a person
who controls one server would control all its clients. Only directives that are harmless by TABLE pass; all others are refused
by name, unless the task allows that name. What a server pushes to a connected client is not in a profile, and not checked here.
"""

from __future__ import annotations

import re
import typing as t

from .._text.errors import InputError

UNKNOWN = "is not known"
OPTION = "allow_directives"
MOST_NAMED = 20  # directives that a sentence names
MOST = 15  # parameters that openvpn reads of a directive; it ignores the rest of the line (MAX_PARMS in options.h)

# One row for directives with the same columns. A line that begins with a space continues the one above it.
#
# 1. their names;
# 2. how many parameters openvpn 2.6 takes; a block is one (add_option in its options.c);
# 3. "block" where they can be one, "in" where openvpn allows them in a connection block, and "secret" where a parameter may be
#    a secret;
# 4. the parameters with which they are harmless: a pattern for each one, which has to match all of it; "any", or "never". A
#    block is harmless unless the column is "never": its content is in the profile itself;
# 5. what they do otherwise;
# 6. the source: the part of openvpn(8), version 2.6, that describes them, such as "Client" for "Client Options", and "Access
#    Server" where published profiles have them. "options.c" marks what only the source of the program documents. No file of a
#    Freebox is published (server behaviour, F71): the rows cover all that its settings can result in.
TABLE = r"""
client                                         | 0   |           | any   | | Client; Access Server
pull                                           | 0   |           | any   | | Client
remote                                         | 1-3 | in        | any   | | Client; Access Server
remote-random remote-random-hostname           | 0   |           | any   | | Client
resolv-retry proto-force                       | 1   |           | any   | | Client
preresolve ip-remote-hint                      | 0-1 |           | any   | | options.c
connect-retry                                  | 1-2 | in        | any   | | Client
connect-retry-max connect-timeout              | 1   | in        | any   | | Client
server-poll-timeout                            | 1   | in        | any   | | Client; Access Server
explicit-exit-notify                           | 0-1 | in        | any   | | Client
inactive                                       | 1-2 |           | any   | | Client
push-peer-info                                 | 0   |           | any   | | Client; Access Server
pull-filter                                    | 2   |           | any   | | Client
static-challenge                               | 2   |           | any   | | Client; Access Server
auth-retry                                     | 1   |           | any   | | Client
allow-pull-fqdn allow-recursive-routing        | 0   |           | any   | | Client
single-session                                 | 0   |           | any   | | Client
client-nat                                     | 4   |           | any   | | Client
dns                                            | 1+  |           | any   | | Client
auth-token auth-token-user                     | 1   | secret    | any   | | Client
auth-user-pass                                 | 0-1 | block     |       | reads another file | Client; Access Server
http-proxy                                     | 1-4 | in        | .* .* auto|auto-nct .* | reads another file | Client
http-proxy-user-pass                           | 1+  | block     |       | reads another file | Client
http-proxy-option                              | 1-3 | in secret | any   | | Client
http-proxy-retry socks-proxy-retry             | 0+  | in        | any   | | options.c
http-proxy-timeout                             | 1   | in        | any   | | options.c
socks-proxy                                    | 1-3 | in        | .* .* | reads another file | Client
connection                                     | 1-2 | block     |       | is a block only | Connection profiles

dev                                            | 1   |           | any   | | Link; Access Server
dev-type                                       | 1   |           | any   | | Link; Access Server
dev-node                                       | 1   |           | never | opens another file | Link
proto                                          | 1   | in        | any   | | Link; Access Server
port rport lport                               | 1   | in        | any   | | Link; Access Server
nobind                                         | 0   | in        | any   | | Link; Access Server
bind                                           | 0-1 | in        | any   | | Link
local                                          | 1   | in        | any   | | Link
float                                          | 0   | in        | any   | | Link
fragment                                       | 1-2 | in        | any   | | Link
mssfix                                         | 0-2 | in        | any   | | Link
tun-mtu                                        | 1-2 | in        | any   | | Link; Access Server
tun-mtu-max                                    | 1-2 | in        | any   | | options.c
link-mtu tun-mtu-extra max-packet-size mtu-disc | 1   | in        | any   | | Link
mtu-test                                       | 0   |           | any   | | Link
keepalive                                      | 2   |           | any   | | Link
ping ping-exit ping-restart session-timeout    | 1   |           | any   | | Link
ping-timer-rem persist-tun tcp-nodelay passtos | 0   |           | any   | | Link
topology                                       | 1   |           | any   | | Link
ifconfig ifconfig-ipv6                         | 2   |           | any   | | Link
ifconfig-noexec ifconfig-nowarn                | 0   |           | any   | | Link
lladdr mark                                    | 1   |           | any   | | Link
route                                          | 1-4 |           | any   | | Link; Access Server
route-ipv6                                     | 1-3 |           | any   | | Link
route-gateway route-ipv6-gateway route-metric  | 1   |           | any   | | Link
route-delay                                    | 0-2 |           | any   | | Link
route-nopull route-noexec block-ipv6           | 0   |           | any   | | Link
redirect-gateway redirect-private              | 0+  |           | any   | | Link; Access Server
max-routes                                     | 0-1 |           | any   | | options.c
tun-ipv6                                       | 0   |           | any   | | options.c
dhcp-option                                    | 1-2 |           | any   | | Link
socket-flags                                   | 0+  |           | any   | | Link
replay-window                                  | 0-2 |           | any   | | Link
replay-persist                                 | 1   |           | never | writes another file | Link
sndbuf rcvbuf                                  | 1   |           | any   | | Advanced Expert; Access Server
txqueuelen shaper                              | 1   |           | any   | | Advanced Expert
persist-local-ip persist-remote-ip             | 0   |           | any   | | Advanced Expert

cipher                                         | 1   |           | any   | | Protocol; Access Server
auth data-ciphers data-ciphers-fallback        | 1   |           | any   | | Protocol; Access Server
ncp-ciphers                                    | 1   |           | any   | | Data channel cipher negotiation
comp-lzo                                       | 0-1 |           | any   | | Protocol; Access Server
compress                                       | 0-1 |           | any   | | Protocol
comp-noadapt                                   | 0   |           | any   | | Protocol
allow-compression tran-window                  | 1   |           | any   | | Protocol
key-direction                                  | 1   | in        | any   | | Protocol; Access Server
secret                                         | 1-2 | block     | never | is for tunnels without certificates | Protocol
reneg-sec                                      | 1-2 |           | any   | | Data Channel Renegotiation; Access Server
reneg-bytes reneg-pkts                         | 1   |           | any   | | Data Channel Renegotiation

tls-client tls-exit                            | 0   |           | any   | | TLS Mode
ca cert key extra-certs                        | 1   | block     | \[inline\] | reads another file | TLS Mode; Access Server
pkcs12                                         | 1   | block     | \[inline\] | reads another file | TLS Mode
tls-auth                                       | 1-2 | block in  | \[inline\] [01] | reads another file | TLS Mode; Access Server
tls-crypt tls-crypt-v2                         | 1-2 | block in  | \[inline\] | reads another file | TLS Mode; Access Server
crl-verify                                     | 1-2 | block     |       | reads another file | TLS Mode
peer-fingerprint                               | 1   | block     | any   | | TLS Mode
verify-hash                                    | 1-2 | block     | any   | | TLS Mode
capath                                         | 1   |           | never | reads other files | TLS Mode
dh                                             | 1   | block     | never | is for servers | TLS Mode
askpass                                        | 0-1 |           |       | reads another file | TLS Mode
remote-cert-tls                                | 1   |           | any   | | TLS Mode; Access Server
ns-cert-type                                   | 1   |           | any   | | Unsupported; Access Server
remote-cert-ku                                 | 0+  |           | any   | | TLS Mode
remote-cert-eku                                | 1   |           | any   | | TLS Mode
verify-x509-name                               | 1-2 |           | any   | | TLS Mode
x509-track                                     | 1   |           | any   | | TLS Mode
tls-version-min                                | 1-2 |           | any   | | TLS Mode; Access Server
tls-version-max tls-cipher tls-ciphersuites    | 1   |           | any   | | TLS Mode
tls-groups tls-cert-profile ecdh-curve         | 1   |           | any   | | TLS Mode
tls-timeout hand-window                        | 1   |           | any   | | TLS Mode
tls-crypt-v2-verify                            | 1   |           | never | runs a program | TLS Mode
pkcs11-providers                               | 1+  |           | never | loads code | TLS Mode
pkcs11-id pkcs11-pin-cache                     | 1   |           | never | uses other keys | TLS Mode
pkcs11-private-mode                            | 1+  |           | never | uses other keys | TLS Mode
pkcs11-cert-private                            | 0+  |           | never | uses other keys | TLS Mode
pkcs11-protected-authentication                | 0+  |           | never | uses other keys | TLS Mode
pkcs11-id-management                           | 0   |           | never | uses other keys | TLS Mode
cryptoapicert                                  | 1   |           | never | uses other keys | Windows-Specific

verb                                           | 1   |           | any   | | Log; Access Server
mute                                           | 1   |           | any   | | Log
mute-replay-warnings suppress-timestamps       | 0   |           | any   | | Log
machine-readable-output                        | 0   |           | any   | | Log
log log-append                                 | 1   |           | never | writes another file | Log
syslog                                         | 0-1 |           | never | sends the log elsewhere | Log
errors-to-stderr                               | 0   |           | never | sends the log elsewhere | Log
echo parameter                                 | 0+  |           | never | commands other programs | Log

auth-nocache persist-key fast-io mlock         | 0   |           | any   | | Generic
disable-dco                                    | 0+  |           | any   | | Generic
disable-occ use-prediction-resistance          | 0   |           | any   | | Generic
compat-mode                                    | 1-2 |           | any   | | Generic
user group                                     | 1   |           | any   | | Generic
ignore-unknown-option                          | 1+  |           | any   | | Generic
script-security                                | 1   |           | [01]  | lets programs run | Generic
config                                         | 1   |           | never | reads another file | Generic
cd chroot tmp-dir                              | 1   |           | never | leads to other files | Generic
writepid                                       | 1   |           | never | writes another file | Generic
status                                         | 1-2 |           | never | writes another file | Generic
status-version                                 | 1   |           | never | goes with status | Generic
memstats                                       | 1   |           | never | writes another file | options.c
iproute                                        | 1   |           | never | runs a program | Generic
engine                                         | 0-1 |           | never | loads code | Generic
providers                                      | 1+  |           | never | loads code | Generic
keying-material-exporter                       | 2+  |           | never | gives out keys | Generic
daemon                                         | 0-1 |           | never | takes it from its service manager | Generic
nice remap-usr1 setcon                         | 1   |           | never | changes how the process runs | Generic
test-crypto                                    | 0   |           | never | is no directive of a connection | Generic
help                                           | 0+  |           | never | is no directive of a connection | Generic
genkey                                         | 0-3 |           | never | writes another file | Generating key material
mktun rmtun                                    | 0   |           | never | is no directive of a connection
    | TUN/TAP standalone operations

setenv                                         | 1-2 | secret
    | (UV|IV)_\w+|ALLOW_PASSWORD_SAVE|CLIENT_CERT|FORWARD_COMPATIBLE|FRIENDLY_NAME|GENERIC_CONFIG|PUSH_PEER_INFO|USERNAME .*
    | sets a variable for other programs | Script hooks; Access Server; cliopt.hpp of OpenVPN Connect's library
setenv-safe                                    | 1-2 | secret    | any   | | Script hooks
up-delay up-restart down-pre                   | 0   |           | any   | | Script hooks
up down route-up route-pre-down ipchange       | 1+  |           | never | runs a program | Script hooks
tls-verify auth-user-pass-verify client-connect | 1+  |           | never | runs a program | Script hooks
client-crresponse client-disconnect            | 1+  |           | never | runs a program | Script hooks
learn-address                                  | 1+  |           | never | runs a program | Script hooks
dns-updown                                     | 1+  |           | disable | runs a program | Client, version 2.7
tls-export-cert                                | 1   |           | never | writes other files | Script hooks
plugin                                         | 1+  |           | never | loads code | Plug-in Interface

management                                     | 2-3 |           | never | lets others command it | Management Interface
management-client-user management-client-group | 1   |           | never | lets others command it | Management Interface
management-external-cert management-log-cache  | 1   |           | never | lets others command it | Management Interface
management-external-key                        | 0+  |           | never | lets others command it | Management Interface
management-query-passwords management-hold     | 0   |           | never | lets others command it | Management Interface
management-query-remote management-query-proxy | 0   |           | never | lets others command it | Management Interface
management-signal management-forget-disconnect | 0   |           | never | lets others command it | Management Interface
management-up-down management-client           | 0   |           | never | lets others command it | Management Interface
management-client-auth                         | 0   |           | never | lets others command it | Management Interface

windows-driver route-method tap-sleep          | 1   |           | any   | | Windows-Specific
ip-win32                                       | 1-3 |           | any   | | Windows-Specific
register-dns block-outside-dns                 | 0   |           | any   | | Windows-Specific
dhcp-renew dhcp-release dhcp-pre-release       | 0   |           | any   | | Windows-Specific
win-sys                                        | 1   |           | never | leads to other programs | Windows-Specific

server port-share                              | 2-3 |           | never | is for servers | Server
server-bridge                                  | 0-4 |           | never | is for servers | Server
server-ipv6 push client-config-dir max-clients | 1   |           | never | is for servers | Server
ifconfig-pool-persist                          | 1-2 |           | never | is for servers | Server
client-to-client duplicate-cn multihome        | 0   |           | never | is for servers | Server
tls-server                                     | 0   |           | never | is for servers | TLS Mode
mode                                           | 1   |           | never | is for servers | Link
"""

# The same for the files of WireGuard. Their flags are the section; each has at most one value. wg-quick is a shell script, so
# a value is harmless only if it has no characters with a meaning for the shell. ``Table`` only chooses the table of the routes.
WIREGUARD_TABLE = r"""
PrivateKey                        | 1 | interface secret | any | | wg(8)
ListenPort                        | 1 | interface | [0-9]+ | is not a number | wg(8)
FwMark                            | 1 | interface | off|(0x)?[0-9A-Fa-f]+ | is not a number | wg(8)
Address                           | 1 | interface | [0-9A-Fa-f.:/,\s]+ | is not an address | wg-quick(8)
DNS                               | 1 | interface | [\w.:,\s-]+ | is not an address or domain | wg-quick(8)
MTU                               | 1 | interface | [0-9]+ | is not a number | wg-quick(8)
Table                             | 1 | interface | \w+ | is not the name of a table | wg-quick(8)
SaveConfig                        | 1 | interface | false | lets wg-quick write the file again | wg-quick(8)
PreUp PostUp PreDown PostDown     | 1 | interface secret | never | runs a program | wg-quick(8)
PublicKey AllowedIPs Endpoint     | 1 | peer | any | | wg(8)
PersistentKeepalive               | 1 | peer | any | | wg(8)
PresharedKey                      | 1 | peer secret | any | | wg(8)
"""


class Directive(t.NamedTuple):
    """A row of TABLE for one name.

    ``harmless`` has a pattern for each parameter with which it is harmless, or is None where it always is; ``danger`` is what
    it does otherwise, in words that follow its name; ``is_refused``: it is never harmless.
    """

    name: str
    least: int
    most: int
    flags: frozenset[str]
    harmless: t.Optional[t.Sequence[str]]
    is_refused: bool
    danger: str
    source: str

    @property
    def may_be_block(self) -> bool:
        """Whether openvpn accepts it as a block."""
        return "block" in self.flags

    @property
    def may_be_inside(self) -> bool:
        """Whether openvpn accepts it in a connection block."""
        return "in" in self.flags

    def takes(self, number: int) -> bool:
        """Whether openvpn accepts this number of parameters."""
        return self.least <= number <= self.most

    def is_harmless(self, parameters: t.Sequence[str]) -> bool:
        """Whether it is harmless with these parameters in its line."""
        if self.is_refused or self.harmless is None:
            return not self.is_refused
        fits = (re.fullmatch(pattern, word, re.ASCII) for pattern, word in zip(self.harmless, parameters))
        return len(parameters) <= len(self.harmless) and all(fits)


def _rows(table: str) -> t.Iterator[Directive]:
    for line in filter(None, re.sub("\n +", " ", table).split("\n")):
        # A bar between columns has spaces around it; one in a pattern has none.
        names, number, flags, harmless, danger, source = (column.strip() for column in re.split(r" \|(?= |$)", line))
        least, plus, most = number.partition("+") if number.endswith("+") else number.partition("-")
        patterns = None if harmless == "any" else harmless.split()
        last = MOST if plus == "+" else int(most or least)
        for name in names.split():
            yield Directive(
                name, int(least), last, frozenset(flags.split()), patterns, harmless == "never", danger, source
            )


DIRECTIVES: t.Mapping[str, Directive] = {each.name: each for each in _rows(TABLE)}
WIREGUARD: t.Mapping[str, Directive] = {each.name.lower(): each for each in _rows(WIREGUARD_TABLE)}


class Unlisted(t.NamedTuple):
    """A directive of a file that is not harmless: its name, empty where it cannot be shown, its line and what it does."""

    name: str
    number: int
    danger: str

    @property
    def shown(self) -> str:
        """Its name, or else its line."""
        return self.name or f"line {self.number}"


def names_of(unlisted: t.Iterable[Unlisted]) -> list[str]:
    """The names of directives, each once and in the order of the file; the line where the name cannot be shown."""
    return list(dict.fromkeys(each.shown for each in unlisted))


def refuse_no_names(allowed: t.Iterable[str]) -> None:
    """Raise InputError where an entry of the option cannot be the name of a directive."""
    odd = [repr(name) for name in allowed if not re.match(r"[A-Za-z][A-Za-z0-9-]*\Z", name)]
    if odd:
        raise InputError(f"{OPTION}: {', '.join(odd)} is not the name of a directive, such as up. Nothing was written.")


def objection(unlisted: t.Iterable[Unlisted], allowed: t.Collection[str]) -> str:
    """Why a file with these directives may not be used, as half a sentence; empty if it may.

    ``allowed`` are the names that the task lets pass, in any case of letters.
    """
    passes = {name.lower() for name in allowed}
    left = {each.shown: each for each in unlisted if each.name.lower() not in passes}
    if not left:
        return ""
    shown = [f"{each.shown} ({each.danger})" for each in list(left.values())[:MOST_NAMED]]
    rest = f" and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else ""
    names = ", ".join(each.name for each in left.values() if each.name)
    way = f"; if this is intended, set {OPTION}: [{names}]" if names else ""
    return f"it has directives that may harm the client: {', '.join(shown)}{rest}{way}"
