# Who may open a connection to whom: engagement_api and the pipeline to the load balancer, the load balancer and the
# pipeline to the inference tasks, tasks to AWS.

locals {
  security_groups = {
    load-balancer  = "Load balancer of the inference service"
    inference      = "Inference tasks"
    training       = "Training tasks"
    engagement-api = "The function that calls the inference service"
  }

  listener_sources = {
    for pair in setproduct([local.production_port, local.test_port], local.inside_cidrs) :
    "${pair[0]} from ${pair[1]}" => { port = pair[0], cidr = pair[1] }
  }
}

resource "aws_security_group" "this" {
  for_each = local.security_groups

  name        = "${local.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${local.name}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "listener" {
  for_each = local.listener_sources

  security_group_id = aws_security_group.this["load-balancer"].id
  description       = "Port ${each.key}"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_to_inference" {
  security_group_id            = aws_security_group.this["load-balancer"].id
  description                  = "Requests and health checks"
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port
  referenced_security_group_id = aws_security_group.this["inference"].id
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer_to_inference" {
  security_group_id            = aws_security_group.this["inference"].id
  description                  = "Requests and health checks"
  ip_protocol                  = "tcp"
  from_port                    = local.container_port
  to_port                      = local.container_port
  referenced_security_group_id = aws_security_group.this["load-balancer"].id
}

# The smoke test asks each task, past the load balancer.
resource "aws_vpc_security_group_ingress_rule" "smoke_test" {
  for_each = local.inside_cidrs

  security_group_id = aws_security_group.this["inference"].id
  description       = "Smoke tests from ${each.key}"
  ip_protocol       = "tcp"
  from_port         = local.container_port
  to_port           = local.container_port
  cidr_ipv4         = each.key
}

# Registry, logs and S3 have no fixed addresses.
#trivy:ignore:AVD-AWS-0104
resource "aws_vpc_security_group_egress_rule" "tasks_to_aws" {
  for_each = toset(["inference", "training"])

  security_group_id = aws_security_group.this[each.key].id
  description       = "HTTPS to AWS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = local.all_addresses
}

resource "aws_vpc_security_group_egress_rule" "engagement_api_to_load_balancer" {
  security_group_id            = aws_security_group.this["engagement-api"].id
  description                  = "Scoring requests"
  ip_protocol                  = "tcp"
  from_port                    = local.production_port
  to_port                      = local.production_port
  referenced_security_group_id = aws_security_group.this["load-balancer"].id
}
