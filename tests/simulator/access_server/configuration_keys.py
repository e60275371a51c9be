# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration keys that the simulated server has a definition of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Key:
    """`redacted` stands in for a value which is never shown; a `local` key is each node's own (server-behaviour.md, 100)."""

    name: str
    type: str
    default: Any
    description: str
    category: str = "default"
    minimum: int | None = None
    maximum: int | None = None
    allowed: tuple[str, ...] | None = None
    hint: str | None = None
    redacted: str | None = None
    local: bool = False


def _text(name: str, default: str | None, description: str, **more: Any) -> Key:
    return Key(name, "string", default, description, **more)


def _flag(name: str, default: bool, description: str, **more: Any) -> Key:
    return Key(name, "boolean", default, description, **more)


def _number(name: str, default: int, lowest: int, highest: int, description: str, **more: Any) -> Key:
    return Key(name, "integer", default, description, minimum=lowest, maximum=highest, **more)


_TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
_PEM = {"hint": "pemCertificate"}
_SECRET = {"redacted": "[password]"}

_KEYS = (
    _text(
        "host.name",
        "",
        "Hostname for Access Server (IP address or hostname)",
        category="required",
        hint="hostname",
        local=True,
    ),
    # network of the web services and of the daemons
    _text("admin_ui.https.ip_address", "all", "Interface that the Admin Web UI listens on.", local=True),
    _number("admin_ui.https.port", 943, 1, 65535, "TCP port of the Admin Web UI."),
    _text("cs.https.ip_address", "all", "Interface that the Client Web Server listens on.", local=True),
    _number("cs.https.port", 943, 1, 65535, "TCP port of the Client Web Server."),
    _text("vpn.daemon.0.listen.ip_address", "all", "Interface that the OpenVPN daemons listen on.", local=True),
    _number("vpn.daemon.0.listen.port", 443, 1, 65535, "Port of the OpenVPN daemon in single-daemon mode."),
    _text("vpn.daemon.0.listen.protocol", "tcp", "Protocol of the OpenVPN daemon.", allowed=("tcp", "udp")),
    _text("vpn.daemon.0.client.network", "172.27.224.0", "Network of dynamic client addresses.", hint="ipv4Address"),
    _number("vpn.daemon.0.client.netmask_bits", 20, 8, 30, "Prefix length of the network of dynamic addresses."),
    _text("vpn.daemon.0.server.ip_address", "all", "Interface that the OpenVPN server listens on.", local=True),
    _flag(
        "vpn.server.daemon.enable",
        True,
        "If true, enables multi-daemon support, running multiple OpenVPN daemon instances. In multi-daemon mode daemons"
        " listen on the dynamic ports dynamic ports pool (see sa.dyn_port). Traffic is balanced between daemons"
        " running. If set to false, Access Server runs in single-daemon mode, in this case OpenVPN daemon listens on"
        " the single port defined by AS configuration",
    ),
    _number("vpn.server.daemon.tcp.n_daemons", 10, 0, 64, "Number of TCP daemons."),
    _number("vpn.server.daemon.tcp.port", 443, 1, 65535, "Port of the TCP daemons."),
    _number("vpn.server.daemon.udp.n_daemons", 10, 0, 64, "Number of UDP daemons."),
    _number("vpn.server.daemon.udp.port", 1194, 1, 65535, "Port of the UDP daemons."),
    _text("vpn.server.daemon.ovpndco", "true", "Kernel offload of the data channel.", allowed=("true", "false")),
    _flag("vpn.server.port_share.enable", True, "Forward browser traffic on the TCP port to a web service."),
    _text(
        "vpn.server.port_share.service",
        "admin+client",
        "Web service that browser traffic is forwarded to.",
        allowed=("admin", "client", "admin+client", "custom"),
    ),
    # routing, addresses, DNS
    _text(
        "vpn.server.routing.private_access", "nat", "How clients reach private subnets.", allowed=("no", "nat", "route")
    ),
    _text("vpn.server.routing.private_network.0", "", "Private subnet reachable through the VPN."),
    _text("vpn.server.routing.private_network.1", "", "Private subnet reachable through the VPN."),
    _flag("vpn.server.routing.gateway_access", True, "Clients may reach network services on the gateway."),
    _flag("vpn.server.routing.allow_private_nets_to_clients", True, "Private networks may reach clients."),
    _flag("vpn.client.routing.reroute_gw", True, "Client Internet traffic is routed through the VPN."),
    _flag("vpn.client.routing.reroute_dns", True, "Clients use the DNS servers of the VPN."),
    _flag("vpn.client.routing.inter_client", False, "Clients may reach each other."),
    _text("vpn.server.dhcp_option.dns.0", "", "Primary DNS server for clients.", hint="ipAddress"),
    _text("vpn.server.dhcp_option.dns.1", "", "Secondary DNS server for clients.", hint="ipAddress"),
    _text("vpn.server.dhcp_option.domain", "", "Default domain suffix for clients.", hint="hostname"),
    _text("vpn.server.static.0.network", "", "Network of static client addresses.", hint="ipv4Address"),
    _number("vpn.server.static.0.netmask_bits", 24, 8, 30, "Prefix length of the network of static addresses."),
    _text("vpn.server.group_pool.0", "", "Subnets that groups may take addresses from."),
    _flag("vpn.server.routing6.enable", False, "IPv6 inside the tunnel."),
    _text("vpn.daemon.0.client.network6", "", "Network of IPv6 client addresses.", hint="ipv6Address"),
    # cryptography
    _text("vpn.server.cipher", "AES-256-GCM", "Preferred cipher of the data channel.", category="deprecated"),
    _text("vpn.server.data_ciphers", "AES-256-GCM:CHACHA20-POLY1305", "Ciphers of the data channel."),
    _text("vpn.server.tls_version_min", "1.2", "Lowest TLS version of the VPN.", allowed=_TLS_VERSIONS),
    _text(
        "vpn.server.tls_cc_security",
        "tls-cryptv2",
        "Protection of the control channel.",
        allowed=("none", "tls-auth", "tls-crypt", "tls-cryptv2"),
    ),
    _text("cs.tls_version_min", "1.2", "Lowest TLS version of the web services.", allowed=_TLS_VERSIONS),
    _text("cs.cert", "", "Certificate of the web services.", **_PEM),
    _text("cs.ca_bundle", "", "Certificates between the web certificate and its root.", **_PEM),
    _text("cs.priv_key", None, "Private key of the web services.", hint="pemPrivateKey", redacted="[private key]"),
    _text("cs.openssl_ciphersuites", "DEFAULT", "Ciphers of the web services.", category="advanced"),
    # the web services
    _text("cs.cws_proto_v2", "true", "Protocol of the Client Web Server.", category="removed"),
    _flag("cs.cws.pwd_change", True, "Users may change their password themselves."),
    _flag("cs.cws.pwd_strength", True, "Passwords of local users must be strong."),
    _flag("cs.auto_generate", True, "Users may generate profiles themselves.", category="advanced"),
    _number("cs.session_timeout", 300, 60, 86400, "Seconds until an idle web session ends.", category="deprecated"),
    _text("sa.company_name", "Access Server", "Name of the company, shown on web pages."),
    _text("sa.win_exe.logo", "", "Logo in the Windows installer.", category="removed"),
    _flag("openapi.web_access", False, "The API documentation can be seen in a browser.", category="advanced"),
    _number("sa.initial_run_groups.0", 2, 0, 9, "Start group of the services.", category="advanced"),
    # authentication
    _text(
        "auth.module.type",
        "local",
        "Default authentication method.",
        allowed=("local", "pam", "radius", "ldap", "saml", "pas_only"),
    ),
    _text("auth.module.post_auth_script", "", "Script that runs after each authentication.", category="advanced"),
    _flag("vpn.server.google_auth.enable", False, "TOTP is required."),
    _number("vpn.server.lockout_policy.n_fails", 5, 1, 1000, "Failures until an account is locked."),
    _number("vpn.server.lockout_policy.reset_time", 900, 1, 86400, "Seconds that an account stays locked."),
    _number("vpn.server.lockout_policy.max_history", 10000, 1, 1000000, "Accounts whose failures are remembered."),
    _number("auth.sessiontoken.lifetime", 600, 1, 86400, "Seconds until a token expires unless it is renewed."),
    _number("auth.sessiontoken.max_renewaltime", 14400, 1, 604800, "Seconds for which a token can be renewed."),
    _text("auth.ldap.0.name", "My LDAP servers", "Name of the LDAP configuration."),
    _text("auth.ldap.0.server.0.host", "", "Host name of the LDAP server.", hint="hostname"),
    _text("auth.ldap.0.bind_dn", "", "Distinguished name of the account that searches."),
    _text("auth.ldap.0.bind_pw", "", "The password for the distingushed LDAP account."),
    _text("auth.ldap.0.users_base_dn", "", "Base of the search for users."),
    _text("auth.ldap.0.uname_attr", "uid", "Attribute that holds the user name."),
    _text("auth.ldap.0.use_ssl", "never", "TLS to the LDAP server.", allowed=("never", "adaptive", "always")),
    _number("auth.ldap.0.timeout", 4, 1, 60, "Seconds to wait for the LDAP server."),
    _text("auth.radius.0.name", "My Radius servers", "Name of the RADIUS configuration."),
    _text("auth.radius.0.server.0.host", "", "Host name of the RADIUS server.", hint="hostname"),
    _number("auth.radius.0.server.0.auth_port", 1812, 1, 65535, "Authentication port of the RADIUS server."),
    _number("auth.radius.0.server.0.acct_port", 1813, 1, 65535, "Accounting port of the RADIUS server."),
    _text("auth.radius.0.server.0.secret", None, "Password for accessing RADIUS server.", **_SECRET),
    _text("auth.radius.0.auth_method", "pap", "RADIUS authentication method.", allowed=("pap", "chap", "mschapv2")),
    _text("auth.saml.0.idp_entityid", "", "Entity id of the SAML identity provider."),
    _text("auth.saml.0.idp_sso_url", "", "Sign-on URL of the SAML identity provider."),
    _text("auth.saml.0.idp_cert", "", "Certificate of the SAML identity provider.", **_PEM),
    # the rest
    _text("subscription.bundle", "", "Subscription bundle."),
    _text("acme.provider", "", "Source of automatic web certificates.", allowed=("", "letsencrypt", "zerossl")),
    _number("log_db.retention_days", 0, 0, 3650, "Days until log records are removed; 0 keeps them."),
    _text("vpn.general.osi_layer", "3", "Layer of the VPN.", category="removed", allowed=("2", "3")),
    _text("vpn.server.nat.masquerade", "true", "NAT by masquerading.", allowed=("true", "false"), category="advanced"),
    _number("vpn.server.max_clients", 2048, 1, 65535, "Highest number of connections of one daemon."),
    _number("vpn.server.session_expire", 86400, 0, 31536000, "Seconds until a VPN session ends.", category="advanced"),
    _text("vpn.server.config_text", "", "Directives for the server's configuration file.", category="advanced"),
    _text("vpn.client.config_text", "", "Directives for clients' profiles.", category="advanced"),
    _number("vpn.tls_refresh.interval", 360, 1, 100000, "Minutes between renegotiations of the TLS session."),
    _text("vpn.client.basic", "false", "Profiles without the user's certificate.", category="deprecated"),
    _text("admin_ui.url", "", "Address of the Admin Web UI.", category="derived"),
    _text("cs.url", "", "Address of the Client Web UI.", category="derived"),
)

KEYS: dict[str, Key] = {key.name: key for key in _KEYS}
"""Definition of each key by name."""
