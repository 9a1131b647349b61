# METADATA
# title: Open to the whole internet
# description: Only ports that are meant for everybody may be reached from everywhere. Trivy's own rules look at SSH and RDP.
# custom:
#   id: public-ingress
#   severity: HIGH
#   recommended_action: Name the networks that need the port, or add it to `public_ports` of this check in deploy.yaml.
#   input:
#     selector:
#       - type: terraform-raw
package user.public_ingress_rules

import rego.v1

import data.lib.openings

# Trivy gives its other checks such a rule only where the group is in the same code.
deny contains res if {
	some block in input.modules[_].blocks
	block.type == "aws_vpc_security_group_ingress_rule"
	attributes := block.attributes
	cidrs := [attributes[name] | some name in ["cidr_ipv4", "cidr_ipv6"]]
	res := openings.opening(
		object.get(attributes, ["ip_protocol", "value"], ""),
		object.get(attributes, ["from_port", "value"], null),
		object.get(attributes, ["to_port", "value"], null),
		cidrs,
	)
}

# A list of rules, `ingress = [{…}]`, which Trivy gives to no other check.
deny contains res if {
	some block in input.modules[_].blocks
	block.type in {"aws_security_group", "aws_default_security_group"}
	ingress := block.attributes.ingress
	some rule in ingress.value
	cidrs := [object.union(ingress, {"value": cidr}) |
		some name in ["cidr_blocks", "ipv6_cidr_blocks"]
		some cidr in rule[name]
	]
	res := openings.opening(
		object.get(rule, "protocol", ""),
		object.get(rule, "from_port", null),
		object.get(rule, "to_port", null),
		cidrs,
	)
}
