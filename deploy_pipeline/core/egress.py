"""What a box may reach through its proxy: decisions on names and addresses. Connecting is `gateways.egress_proxy`."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_PORT = 65535
# The address of a cloud machine's credentials in IPv6. In IPv4 it is a link-local one.
METADATA = ipaddress.ip_address("fd00:ec2::254")


@dataclass(frozen=True)
class EgressRules:
    """`hosts` as in `BoxSetup`: `host:port`, a leading `*.` for subdomains. `redirects` lead to this machine."""

    hosts: tuple[str, ...] = ()
    redirects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """Where a connection goes. `internal` addresses are allowed for a name that is given in full, `local` ones for a
    redirect only."""

    host: str
    port: int
    internal: bool
    local: bool = False


def route(target: str, rules: EgressRules) -> Route | None:
    """Where `host:port` leads; None where it is not allowed or nothing that can be understood."""
    split = split_target(target.lower())
    if split is None:
        return None
    host, port = split
    name = f"{host}:{port}"
    redirects = {key.lower(): value for key, value in rules.redirects.items()}
    if name in redirects:
        goal = split_target(redirects[name])
        return None if goal is None else Route(*goal, internal=True, local=True)
    allowed = [pattern.lower() for pattern in rules.hosts]
    if name in allowed:
        return Route(host, port, internal=True)
    if any(pattern.startswith("*.") and name.endswith(pattern[1:]) for pattern in allowed):
        return Route(host, port, internal=False)
    return None


def split_target(target: str) -> tuple[str, int] | None:
    """Host and port of `host:port`; None for anything else. A final dot of the host is dropped."""
    host, separator, port = target.rpartition(":")
    host = host.removesuffix(".")
    if not separator or not host or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) <= LARGEST_PORT:
        return None
    if not all(character.isascii() and (character.isalnum() or character in "-._") for character in host):
        return None
    return host, int(port)


def may_connect(address: str, way: Route) -> bool:
    """Whether an address that the name of `way` has may be connected to.

    A wildcard leads to public addresses only: whoever owns a machine below the domain chooses what its name means.
    """
    if way.local:
        return True
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip == METADATA:
        return False
    return way.internal or ip.is_global
