# METADATA
# title: Open to the whole internet
# description: Only ports that are meant for everybody may be reached from everywhere. Trivy's own rules look at SSH and RDP.
# custom:
#   id: public-ingress
#   severity: HIGH
#   recommended_action: Name the networks that need the port, or add it to `public_ports` of this check in deploy.yaml.
#   input:
#     selector:
#       - type: cloud
package user.public_ingress

import rego.v1

import data.lib.openings

# Blocks of security groups, and the rules of `aws_security_group_rule`.
deny contains res if {
	some group in input.aws.ec2.securitygroups
	some rule in group.ingressrules
	# Some of these are not here: all of them are looked at in `public_ingress_rules.rego`.
	not contains(rule.__defsec_metadata.resource, "aws_vpc_security_group_ingress_rule.")
	res := opening(rule)
}

deny contains res if {
	some acl in input.aws.ec2.networkacls
	some rule in acl.rules
	rule.type.value == "ingress"
	rule.action.value == "allow"
	not for_answers(rule)
	res := opening(rule)
}

opening(rule) := openings.opening(
	object.get(rule, ["protocol", "value"], ""),
	object.get(rule, ["fromport", "value"], null),
	object.get(rule, ["toport", "value"], null),
	rule.cidrs,
)

# Answers to connections from within come back to these ports, and a network ACL has to let them in.
for_answers(rule) if {
	rule.fromport.value >= 1024
	rule.toport.value == 65535
}
