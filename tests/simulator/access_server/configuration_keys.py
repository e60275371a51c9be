# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration keys that the simulated server has a definition of (server behaviour, 117)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

_INDEX = re.compile(r"\.[0-9]+(?=\.|$)")


@dataclass(frozen=True)
class Key:
    """`redacted` stands in for a value which is never shown; a `local` key is each node's own (server behaviour, 100).

    `source` says who tells that there is such a key, by the letters of server behaviour, 117; `sure` whether the default
    comes from there too, or is a guess. `takes` are values that the server takes beside those that its description allows.
    """

    source: str
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
    sure: bool = False
    takes: tuple[str, ...] = ()


def _text(source: str, name: str, default: str | None, description: str, **more: Any) -> Key:
    return Key(source, name, "string", default, description, **more)


def _flag(source: str, name: str, default: bool, description: str, **more: Any) -> Key:
    return Key(source, name, "boolean", default, description, **more)


def _number(source: str, name: str, default: int, lowest: int, highest: int, description: str, **more: Any) -> Key:
    return Key(source, name, "integer", default, description, minimum=lowest, maximum=highest, **more)


_TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
_PEM = {"hint": "pemCertificate"}
_SECRET = {"redacted": "[password]"}
_SURE: dict[str, Any] = {"sure": True}
_FILE: dict[str, Any] = {"category": "advanced"}
"""What as.conf holds, and an administrator rarely touches."""

_KEYS = (
    # name, network of the web services and of the daemons
    _text(
        "R",
        "host.name",
        "",
        "Hostname for Access Server (IP address or hostname)",
        category="required",
        hint="hostname",
        local=True,
        **_SURE,
    ),
    _text("D", "admin_ui.https.ip_address", "all", "Interface that the Admin Web UI listens on.", local=True, **_SURE),
    _number("D", "admin_ui.https.port", 943, 1, 65535, "TCP port of the Admin Web UI.", **_SURE),
    _text("D", "cs.https.ip_address", "all", "Interface that the Client Web Server listens on.", local=True, **_SURE),
    _number("D", "cs.https.port", 943, 1, 65535, "TCP port of the Client Web Server.", **_SURE),
    _text(
        "D",
        "vpn.daemon.0.listen.ip_address",
        "all",
        "Interface that the OpenVPN daemons listen on.",
        local=True,
        **_SURE,
    ),
    _number("Q", "vpn.daemon.0.listen.port", 443, 1, 65535, "Port of the OpenVPN daemon in single-daemon mode."),
    _text(
        "D", "vpn.daemon.0.listen.protocol", "tcp", "Protocol of the OpenVPN daemon.", allowed=("tcp", "udp"), **_SURE
    ),
    _text(
        "Q", "vpn.daemon.0.client.network", "172.27.224.0", "Network of dynamic client addresses.", hint="ipv4Address"
    ),
    _number("Q", "vpn.daemon.0.client.netmask_bits", 20, 8, 30, "Prefix length of the network of dynamic addresses."),
    _text(
        "D",
        "vpn.daemon.0.server.ip_address",
        "all",
        "Interface that the OpenVPN server listens on.",
        local=True,
        **_SURE,
    ),
    _flag(
        "R",
        "vpn.server.daemon.enable",
        True,
        "If true, enables multi-daemon support, running multiple OpenVPN daemon instances. In multi-daemon "
        "mode daemons listen on the dynamic ports dynamic ports pool (see sa.dyn_port). Traffic is balanced "
        "between daemons running. If set to false, Access Server runs in single-daemon mode, in this case "
        "OpenVPN daemon listens on the single port defined by AS configuration",
        **_SURE,
    ),
    _number("D", "vpn.server.daemon.tcp.n_daemons", 10, 0, 64, "Number of TCP daemons."),
    _number("D", "vpn.server.daemon.tcp.port", 443, 1, 65535, "Port of the TCP daemons.", **_SURE),
    _number("D", "vpn.server.daemon.udp.n_daemons", 10, 0, 64, "Number of UDP daemons."),
    _number("D", "vpn.server.daemon.udp.port", 1194, 1, 65535, "Port of the UDP daemons.", **_SURE),
    _text("Q", "vpn.server.daemon.protocols", "both", "Protocols of the daemons.", allowed=("both", "tcp", "udp")),
    _text("Q", "vpn.server.daemon.ovpndco", "true", "Kernel offload of the data channel.", allowed=("true", "false")),
    _flag(
        "D", "vpn.server.port_share.enable", True, "Forward browser traffic on the TCP port to a web service.", **_SURE
    ),
    _text(
        "D",
        "vpn.server.port_share.service",
        "admin+client",
        "Web service that browser traffic is forwarded to.",
        allowed=("admin", "client", "admin+client", "custom"),
        **_SURE,
    ),
    _text(
        "Q",
        "vpn.server.port_share.ip_address",
        "",
        "Address that browser traffic is forwarded to, where the service is custom.",
    ),
    _number(
        "Q",
        "vpn.server.port_share.port",
        1234,
        1,
        65535,
        "Port that browser traffic is forwarded to, where the service is custom.",
    ),
    _text("P", "ssl_api.https.local_addr", "", "Address that the XML-RPC interface listens on.", category="advanced"),
    _number("P", "ssl_api.https.port", 945, 1, 65535, "Port of the XML-RPC interface.", category="advanced"),
    _number("Q", "xmlrpc.relay_level", 1, 0, 2, "How much of the XML-RPC interface is open.", category="advanced"),
    # routing, addresses, DNS
    _text(
        "Q",
        "vpn.server.routing.private_access",
        "nat",
        "How clients reach private subnets.",
        allowed=("no", "nat", "route"),
    ),
    _text("Q", "vpn.server.routing.private_network.0", "", "Private subnet reachable through the VPN."),
    _text("Q", "vpn.server.routing.private_network.1", "", "Private subnet reachable through the VPN."),
    _text("J", "vpn.server.routing.routed_subnets.0", "", "Private subnet that is routed to instead of through NAT."),
    _text("D", "vpn.server.routing.snat_source.0", "", "Interface and address of outgoing NAT.", category="advanced"),
    _flag("Q", "vpn.server.routing.gateway_access", True, "Clients may reach network services on the gateway."),
    _flag("J", "vpn.server.routing.allow_private_nets_to_clients", True, "Private networks may reach clients."),
    _flag("D", "vpn.server.nat", True, "NAT for outgoing public traffic.", category="advanced", **_SURE),
    _text(
        "P", "vpn.server.nat.masquerade", "true", "NAT by masquerading.", allowed=("true", "false"), category="advanced"
    ),
    _flag("P", "vpn.server.nat6", True, "NAT for outgoing IPv6 traffic.", category="advanced"),
    _flag("P", "vpn.server.nat6.masquerade", True, "NAT by masquerading, for IPv6.", category="advanced"),
    _flag("Q", "vpn.client.routing.reroute_gw", True, "Client Internet traffic is routed through the VPN."),
    _flag("P", "vpn.client.routing.reroute_dns", True, "Clients use the DNS servers of the VPN.", takes=("custom",)),
    _flag("Q", "vpn.client.routing.inter_client", False, "Clients may reach each other."),
    _flag("Q", "vpn.client.routing.superuser_c2c_access", False, "Administrators may reach all clients."),
    _flag("D", "vpn.routing.allow_mcast", False, "UDP multicast and IGMP pass through.", category="advanced", **_SURE),
    _text("Q", "vpn.server.dhcp_option.dns.0", "", "Primary DNS server for clients.", hint="ipAddress"),
    _text("J", "vpn.server.dhcp_option.dns.1", "", "Secondary DNS server for clients.", hint="ipAddress"),
    _text(
        "Q", "vpn.server.dhcp_option.domain", "", "Domains that clients resolve through the VPN, with commas between."
    ),
    _text("J", "vpn.server.dhcp_option.adapter_domain_suffix", "", "Default domain suffix for Windows clients."),
    _text("P", "dnsproxy.mode", "auto", "When DNS goes through the server's own proxy.", category="advanced"),
    _text("J", "vpn.server.static.0.network", "", "Network of static client addresses.", hint="ipv4Address"),
    _number("J", "vpn.server.static.0.netmask_bits", 24, 8, 30, "Prefix length of the network of static addresses."),
    _text("Q", "vpn.server.group_pool.0", "", "Subnets that groups may take addresses from."),
    _flag("P", "vpn.routing6.enable", False, "IPv6 inside the tunnel."),
    _flag("P", "vpn.client.routing6.reroute_gw", False, "IPv6 traffic of clients is routed through the VPN."),
    _text("P", "vpn.server.daemon.vpn_network6.0", "", "Network of IPv6 client addresses with its prefix length."),
    _text(
        "P",
        "vpn.server.routing6.snat_source.0",
        "",
        "Interface and address of outgoing NAT, for IPv6.",
        category="advanced",
    ),
    _flag("P", "vpn.server.routing6.allow_private_nets_to_clients", True, "Private IPv6 networks may reach clients."),
    _text("G", "vpn.daemon.0.client.network6", "", "Network of IPv6 client addresses.", hint="ipv6Address"),
    _flag("D", "iptables.append", False, "Rules are added after existing ones.", category="advanced", **_SURE),
    _flag("D", "iptables.vpn.disable.filter", False, "No rules in the table filter.", category="advanced", **_SURE),
    _flag("J", "iptables.vpn.disable.mangle", False, "No rules in the table mangle.", category="advanced", **_SURE),
    _flag("J", "iptables.vpn.disable.nat", False, "No rules in the table nat.", category="advanced", **_SURE),
    _flag("C", "iptables.web", True, "The ports of the web services are opened.", **_FILE),
    # cryptography
    _text("Q", "vpn.server.cipher", "AES-256-GCM", "Preferred cipher of the data channel.", category="deprecated"),
    _text("Q", "vpn.client.cipher", "AES-256-CBC", "Cipher in clients' profiles.", category="deprecated"),
    _text("Q", "vpn.server.data_ciphers", "AES-256-GCM:CHACHA20-POLY1305", "Ciphers of the data channel."),
    _flag(
        "Q",
        "vpn.server.enable_cipher_fallback",
        False,
        "Clients without cipher negotiation are let in.",
        category="advanced",
    ),
    _text("Q", "vpn.server.tls_version_min", "1.2", "Lowest TLS version of the VPN.", allowed=_TLS_VERSIONS),
    _text("P", "vpn.client.tls_version_min", "1.2", "Lowest TLS version in clients' profiles.", allowed=_TLS_VERSIONS),
    _flag(
        "P",
        "vpn.client.tls_version_min_strict",
        False,
        "Clients without that version do not connect.",
        category="advanced",
    ),
    _text(
        "Q",
        "vpn.server.tls_cc_security",
        "tls-cryptv2",
        "Protection of the control channel.",
        allowed=("none", "tls-auth", "tls-crypt", "tls-cryptv2"),
        takes=("tls-crypt-v2",),
    ),
    _flag("J", "vpn.server.tls_auth", True, "The control channel is signed.", category="deprecated"),
    _text("Q", "cs.tls_version_min", "1.2", "Lowest TLS version of the web services.", allowed=_TLS_VERSIONS),
    _flag("P", "cs.tls_version_min_strict", False, "Browsers without that version are refused.", category="advanced"),
    _text("J", "cs.ssl_method", "SSLv3", "Protocol of the web services.", category="removed"),
    _flag("J", "cs.ssl_reneg", False, "Clients may renegotiate TLS.", category="deprecated"),
    _text("D", "cs.cert", "", "Certificate of the web services.", **_PEM),
    _text("D", "cs.ca_bundle", "", "Certificates between the web certificate and its root.", **_PEM),
    _text("D", "cs.priv_key", None, "Private key of the web services.", hint="pemPrivateKey", redacted="[private key]"),
    _text("P", "cs.openssl_ciphersuites", "DEFAULT", "Ciphers of the web services.", category="advanced"),
    _number(
        "D", "vpn.tls_refresh.interval", 60, 1, 100000, "Minutes between renegotiations of the TLS session.", **_SURE
    ),
    _flag("J", "vpn.tls_refresh.do_reauth", True, "Renegotiation authenticates again.", category="advanced"),
    _text("D", "external_pki.ca_crt", "", "Certificate authorities of an external PKI.", category="advanced", **_PEM),
    _text(
        "D", "external_pki.server_ca_crt", "", "The authority of the server's certificate.", category="advanced", **_PEM
    ),
    _text(
        "D", "external_pki.client_ca_crt", "", "The authority of clients' certificates.", category="advanced", **_PEM
    ),
    _text(
        "D", "external_pki.server_crt", "", "The server's certificate of an external PKI.", category="advanced", **_PEM
    ),
    _text(
        "D",
        "external_pki.server_key",
        None,
        "The private key of the server's certificate.",
        category="advanced",
        hint="pemPrivateKey",
        redacted="[private key]",
    ),
    _text("D", "external_pki.ta_key", None, "The key of the control channel.", category="advanced", redacted="[key]"),
    _text("D", "external_pki.dh_pem", "", "Diffie-Hellman parameters.", category="advanced"),
    _text(
        "D",
        "external_pki.remote_cert_usage",
        "",
        "How certificates of different usage are recognized.",
        category="advanced",
        allowed=("", "ns", "eku", "split"),
    ),
    _text(
        "D",
        "external_pki.autologin_x509_spec",
        "",
        "The attribute that marks certificates for autologin.",
        category="advanced",
    ),
    _flag(
        "D",
        "external_pki.cn_username_requirement",
        True,
        "The common name is the user's.",
        category="advanced",
        **_SURE,
    ),
    # the web services
    _text("Q", "cs.cws_proto_v2", "true", "Protocol of the Client Web Server.", category="removed"),
    _flag("D", "cs.cws.pwd_change", True, "Users may change their password themselves.", **_SURE),
    _flag("D", "cs.cws.pwd_strength", True, "Passwords of local users must be strong."),
    _flag("C", "cs.auto_generate", True, "Users may generate profiles themselves.", category="advanced"),
    _flag("Q", "cs.admin_only", False, "The Client Web UI is for administrators only."),
    _flag("Q", "cs.prof_sign_web", True, "Profiles are signed with the web certificate.", category="advanced"),
    _flag("Q", "cs.cws_ui_offer.android", True, "The app for Android is offered."),
    _flag("Q", "cs.cws_ui_offer.autologin", True, "Autologin profiles are offered."),
    _flag("Q", "cs.cws_ui_offer.ios", True, "The app for iOS is offered."),
    _flag("Q", "cs.cws_ui_offer.linux", True, "Instructions for Linux are offered."),
    _flag("Q", "cs.cws_ui_offer.mac", True, "The older client for macOS is offered.", category="deprecated"),
    _flag("Q", "cs.cws_ui_offer.mac_v3", True, "The client for macOS is offered."),
    _flag("Q", "cs.cws_ui_offer.server_locked", False, "Server-locked profiles are offered."),
    _flag("Q", "cs.cws_ui_offer.user_locked", True, "User-locked profiles are offered."),
    _flag("Q", "cs.cws_ui_offer.win", True, "The older client for Windows is offered.", category="deprecated"),
    _flag("Q", "cs.cws_ui_offer.win_v3", True, "The client for Windows is offered."),
    _number(
        "G", "cs.session_timeout", 300, 60, 86400, "Seconds until an idle web session ends.", category="deprecated"
    ),
    _text("P", "cs.web_server_name", "", "Name that the web server gives itself.", category="advanced"),
    _text("C", "cs.user", "openvpn_as", "User that the web server runs as.", **_FILE),
    _text("C", "cs.group", "openvpn_as", "Group that the web server runs as.", **_FILE),
    _text("C", "cs.ca_key", "~/web-ssl/ca.key", "File with the key by which a certificate is renewed.", **_FILE),
    _number("C", "cs.dynamic_port_base", 870, 1, 65535, "First of three ports that the web server uses.", **_FILE),
    _text("C", "sa.company_name", "Access Server", "Name of the company, shown on web pages."),
    _text("J", "sa.logo_image_file", "", "File with the logo that web pages show."),
    _text("G", "sa.win_exe.logo", "", "Logo in the Windows installer.", category="removed"),
    _text("C", "sa.win_exe_dir", "~/exe", "Folder with the programs of clients.", **_FILE),
    _text("C", "sa.initial_run_groups.0", "web_group", "Services that are started at first.", category="advanced"),
    _text("C", "sa.initial_run_groups.1", "openvpn_group", "Services that are started at first.", category="advanced"),
    _text("Q", "sa.compression_warning_shown", "", "Whether a warning was shown.", category="advanced"),
    _text("J", "sa.ssl_lib", "openssl", "TLS library.", category="removed", allowed=("openssl", "polarssl", "mbedtls")),
    _number("P", "sa.session_expire", 1800, 1, 31536000, "Seconds until an idle session of the web pages ends."),
    _flag("C", "sa.show_c2s_routes", True, "Gateways of clients can be set.", **_FILE),
    _number("C", "sa.unit", 0, 0, 255, "Number of this server among several on one machine.", **_FILE),
    _text("C", "sa.sock", "~/sock/sagent", "Socket of the server agent.", **_FILE),
    _text("C", "sa.reactor", "epoll", "Event loop of the server agent.", **_FILE),
    _text("C", "general.sock_dir", "~/sock", "Folder of sockets.", **_FILE),
    _text("C", "general.openvpn_exe_path", "", "The program openvpn.", **_FILE),
    _text("C", "tmp_dir", "~/tmp", "Folder of temporary files.", **_FILE),
    _text("C", "lic.dir", "~/licenses", "Folder of licences.", **_FILE),
    _text(
        "C",
        "node_type",
        "PRIMARY",
        "Whether this is the first of two servers.",
        allowed=("PRIMARY", "SECONDARY"),
        **_FILE,
        **_SURE,
    ),
    _number("C", "run_start_retry.give_up", 60, 0, 86400, "Seconds until a start is given up.", **_FILE),
    _number("C", "run_start_retry.resample", 10, 0, 86400, "Seconds between attempts to start.", **_FILE),
    _number("C", "db_retry.interval", 1, 0, 86400, "Seconds between attempts to reach the database.", **_FILE),
    _number("C", "db_retry.n_attempts", 6, 0, 1000, "How often the database is tried.", **_FILE),
    _text("C", "boot_pam_service", "openvpnas", "PAM service of the first administrators.", **_FILE),
    _text("C", "boot_pam_users.0", "", "Administrator of the system.", **_FILE),
    _text("C", "system_users_local.0", "root", "User of the system who may use the server agent.", **_FILE),
    _flag(
        "D",
        "openapi.web_access",
        False,
        "The API documentation can be seen in a browser.",
        category="advanced",
        **_SURE,
    ),
    # authentication
    _text(
        "D",
        "auth.module.type",
        "local",
        "Default authentication method.",
        allowed=("local", "pam", "radius", "ldap", "saml", "pas_only"),
        **_SURE,
    ),
    _text("Q", "auth.module.post_auth_script", "", "Script that runs after each authentication.", category="advanced"),
    _flag("Q", "vpn.server.google_auth.enable", False, "TOTP is required."),
    _number("D", "vpn.server.lockout_policy.n_fails", 5, 1, 1000, "Failures until an account is locked.", **_SURE),
    _number(
        "D", "vpn.server.lockout_policy.reset_time", 900, 1, 86400, "Seconds that an account stays locked.", **_SURE
    ),
    _number(
        "D",
        "vpn.server.lockout_policy.max_history",
        10000,
        1,
        1000000,
        "Accounts whose failures are remembered.",
        **_SURE,
    ),
    _number(
        "D", "auth.sessiontoken.lifetime", 600, 1, 86400, "Seconds until a token expires unless it is renewed.", **_SURE
    ),
    _number(
        "D", "auth.sessiontoken.max_renewaltime", 14400, 1, 604800, "Seconds for which a token can be renewed.", **_SURE
    ),
    _flag("P", "auth.local.0.enable", True, "Local authentication."),
    _number("P", "auth.local.0.min_len", 8, 1, 128, "Shortest password of local users.", category="advanced"),
    _text("Q", "auth.pam.0.service", "openvpnas", "PAM service."),
    _flag("P", "auth.pam.0.enable", False, "Authentication by PAM."),
    _flag("Q", "auth.ldap.0.enable", False, "Authentication by LDAP."),
    _text("Q", "auth.ldap.0.name", "My LDAP servers", "Name of the LDAP configuration."),
    _text("D", "auth.ldap.0.server.0.host", "", "Host name of the LDAP server, perhaps with a port."),
    _text("Q", "auth.ldap.0.bind_dn", "", "Distinguished name of the account that searches."),
    _text("R", "auth.ldap.0.bind_pw", "", "The password for the distingushed LDAP account.", **_SURE),
    _text("Q", "auth.ldap.0.users_base_dn", "", "Base of the search for users."),
    _text("Q", "auth.ldap.0.uname_attr", "uid", "Attribute that holds the user name."),
    _text("P", "auth.ldap.0.add_req", "", "What else an entry must have."),
    _text(
        "Q", "auth.ldap.0.use_ssl", "never", "TLS to the LDAP server.", allowed=("never", "adaptive", "always"), **_SURE
    ),
    _text("Q", "auth.ldap.0.ssl_verify", "never", "How the certificate of the LDAP server is checked."),
    _text("P", "auth.ldap.0.ssl_ca_cert", "", "File with the authorities of the LDAP server."),
    _text("P", "auth.ldap.0.min_ssl", "", "Lowest TLS version of the LDAP server.", category="advanced"),
    _flag("P", "auth.ldap.0.sasl_external", False, "The client's certificate signs in.", category="advanced"),
    _flag("Q", "auth.ldap.0.case_sensitive", False, "User names differ in case."),
    _flag("Q", "auth.ldap.0.user_exists_check", True, "Users are looked up for autologin too."),
    _number("Q", "auth.ldap.0.timeout", 4, 1, 60, "Seconds to wait for the LDAP server."),
    _number("P", "auth.ldap.0.debug_level", 0, 0, 9, "How much of LDAP is logged.", category="advanced"),
    _number(
        "P", "auth.ldap.0.openldap_trace_level", 0, 0, 9, "How much of the LDAP library is logged.", category="advanced"
    ),
    _flag("P", "auth.radius.0.enable", False, "Authentication by RADIUS."),
    _text("Q", "auth.radius.0.name", "My Radius servers", "Name of the RADIUS configuration."),
    _text("P", "auth.radius.0.server.0.host", "", "Host name of the RADIUS server.", hint="hostname"),
    _number("P", "auth.radius.0.server.0.auth_port", 1812, 1, 65535, "Authentication port of the RADIUS server."),
    _number("G", "auth.radius.0.server.0.acct_port", 1813, 1, 65535, "Accounting port of the RADIUS server."),
    _text("R", "auth.radius.0.server.0.secret", None, "Password for accessing RADIUS server.", **_SECRET),
    _text(
        "P", "auth.radius.0.auth_method", "pap", "RADIUS authentication method.", allowed=("pap", "chap", "mschapv2")
    ),
    _flag("Q", "auth.radius.0.acct_enable", False, "Accounting by RADIUS."),
    _flag("P", "auth.radius.0.case_sensitive", False, "User names differ in case."),
    _number("P", "auth.radius.0.per_server_retries", 2, 0, 20, "How often a RADIUS server is tried."),
    _number("P", "auth.radius.0.per_server_timeout", 5, 1, 600, "Seconds to wait for a RADIUS server."),
    _flag("D", "auth.saml.0.enable", False, "Authentication by SAML."),
    _text("D", "auth.saml.0.idp_entityid", "", "Entity id of the SAML identity provider."),
    _text("D", "auth.saml.0.idp_signon_endpoint", "", "Sign-on URL of the SAML identity provider."),
    _text("P", "auth.saml.0.idp_logout_endpoint", "", "Sign-out URL of the SAML identity provider."),
    _text("D", "auth.saml.0.idp_cert", "", "Certificate of the SAML identity provider.", **_PEM),
    _text("D", "auth.saml.0.sp_hostname", "", "Host name of this server for SAML."),
    _number("P", "auth.saml.0.timeout", 180, 1, 3600, "Seconds to wait for the identity provider."),
    # the rest
    _text("R", "subscription.bundle", "", "Subscription bundle.", **_SURE),
    _text("Q", "subscription.saved_state", "", "State of the subscription at the last look.", category="advanced"),
    _text(
        "Q", "upgrade.current_version", "", "Version of the server that wrote the configuration.", category="advanced"
    ),
    _text(
        "Q", "upgrade.initial_version", "", "Version of the server that made the configuration.", category="advanced"
    ),
    _text("G", "acme.provider", "", "Source of automatic web certificates.", allowed=("", "letsencrypt", "zerossl")),
    _text("P", "acme.ip_addresses.0", "", "Address that an automatic web certificate is for."),
    _text("P", "acme.cert_profile", "", "Kind of automatic web certificates."),
    _number("G", "log_db.retention_days", 0, 0, 3650, "Days until log records are removed; 0 keeps them."),
    _text("D", "vpn.general.osi_layer", "3", "Layer of the VPN.", category="removed", allowed=("2", "3"), **_SURE),
    _number("P", "vpn.general.mtu", 1500, 576, 65535, "Size of packets in the tunnel.", category="advanced"),
    _number("P", "vpn.server.mssfix", 0, 0, 65535, "Limit of TCP segments in the tunnel.", category="advanced"),
    _number("D", "vpn.server.max_clients", 2048, 1, 65535, "Highest number of connections of one daemon."),
    _flag("Q", "vpn.server.duplicate_cn", True, "A user may be connected several times."),
    _text("Q", "vpn.server.foreign_bridge", "", "Bridge that is not the server's own.", category="advanced"),
    _number(
        "D",
        "vpn.server.session_expire",
        86100,
        0,
        31536000,
        "Seconds until a VPN session ends.",
        category="advanced",
        **_SURE,
    ),
    _number(
        "P", "vpn.server.inactive_expire", 0, 0, 31536000, "Seconds until an idle session ends.", category="advanced"
    ),
    _text("C", "vpn.server.user", "openvpn_as", "User that the daemons run as.", **_FILE),
    _text("C", "vpn.server.group", "openvpn_as", "Group that the daemons run as.", **_FILE),
    _text("Q", "vpn.server.config_text", "", "Directives for the server's configuration file.", category="advanced"),
    _text("Q", "vpn.client.config_text", "", "Directives for clients' profiles.", category="advanced"),
    _text("Q", "vpn.client.basic", "false", "Profiles without the user's certificate.", category="deprecated"),
    _number(
        "D", "ucarp.vhid", 94, 1, 255, "Number of the shared address among others in one network.", category="advanced"
    ),
    _text("D", "ucarp.extra_parms", "", "Further options of the program ucarp.", category="advanced"),
    _text("G", "admin_ui.url", "", "Address of the Admin Web UI.", category="derived"),
    _text("G", "cs.url", "", "Address of the Client Web UI.", category="derived"),
)

KEYS: dict[str, Key] = {key.name: key for key in _KEYS}
"""Definition of each key by name."""


def definition(name: str, indexed: bool = True) -> Key | None:
    """The definition of a key; with `indexed`, that of the key with the index 0 is good for all others too."""
    key = KEYS.get(name)
    if key is None and indexed and (first := KEYS.get(_INDEX.sub(".0", name))):
        return replace(first, name=name)
    return key
