# What the checks beside this file share: whether one rule of a firewall lets everybody in, and how that is said.
package lib.openings

import rego.v1

# Almost the whole internet counts as well: 0.0.0.0/1 and 128.0.0.0/1, or 2000::/3.
narrow_prefix := 4

every_port := {"from": 0, "to": 65535}

# ICMP has no ports: what stands in their place are kinds of messages.
icmp := {"icmp", "icmpv6", "1", "58"}

every_protocol := {"-1", "all"}

# The result for a rule that is open, at the first address that opens it. `cidrs` are objects with a value and a place.
opening(protocol, from, to, cidrs) := res if {
	not protocol in icmp
	ports := ports_of(protocol, from, to)
	not are_public(ports)
	worlds := [cidr | some cidr in cidrs; is_world(cidr.value)]
	names := concat(", ", {cidr.value | some cidr in worlds})
	res := result.new(sprintf("%s can be reached from %s", [described(ports), names]), worlds[0])
}

# Trivy gives 0 for a number that only a plan knows: that could be any port.
ports_of(protocol, from, to) := {"from": to_number(from), "to": to_number(to)} if {
	not protocol in every_protocol
	from != null
	to != null
	to_number(to) > 0
} else := every_port

are_public(ports) if {
	public := {port | some port in data.deploy_pipeline.public_ports; port >= ports.from; port <= ports.to}
	count(public) == (ports.to - ports.from) + 1
}

is_world(cidr) if to_number(split(cidr, "/")[1]) < narrow_prefix

described(ports) := "every port" if {
	ports == every_port
} else := sprintf("port %d", [ports.from]) if {
	ports.from == ports.to
} else := sprintf("ports %d to %d", [ports.from, ports.to])
