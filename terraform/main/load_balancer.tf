# Two listeners and two target groups: production traffic, and a second port on which the pipeline tries the other
# colour first. Which listener forwards to which colour is the pipeline's: Terraform sets only the first arrangement.

locals {
  listeners = {
    production = { port = local.production_port, first_target_group = "blue" }
    test       = { port = local.test_port, first_target_group = "green" }
  }
}

# Without protection against deletion: `terraform destroy` has to work, and the plan policy of the pipeline stops an
# accidental replacement. Public only where `internal_load_balancer` says so.
resource "aws_lb" "this" {
  name                       = local.name
  load_balancer_type         = "application"
  internal                   = var.internal_load_balancer
  subnets                    = aws_subnet.public[*].id
  security_groups            = [aws_security_group.this["load-balancer"].id]
  drop_invalid_header_fields = true
}

resource "aws_lb_target_group" "this" {
  for_each = toset(["blue", "green"])

  name                 = "${local.name}-${each.key}"
  target_type          = "ip"
  vpc_id               = aws_vpc.this.id
  port                 = local.container_port
  protocol             = "HTTP"
  deregistration_delay = 30 # seconds; a request takes less than five

  health_check {
    path                = "/health"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

# Plain HTTP inside the VPC: TLS ends at API Gateway, and a certificate needs a domain that this stack does not own.
#trivy:ignore:AVD-AWS-0054
resource "aws_lb_listener" "production" {
  load_balancer_arn = aws_lb.this.arn
  port              = local.listeners.production.port
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[local.listeners.production.first_target_group].arn
  }

  lifecycle {
    # The pipeline shifts traffic between the colours: a plan must not shift it back.
    ignore_changes = [default_action]
  }
}

# After the production listener: an emulator that cannot tell the ports apart answers for the first one.
#trivy:ignore:AVD-AWS-0054
resource "aws_lb_listener" "test" {
  load_balancer_arn = aws_lb.this.arn
  port              = local.listeners.test.port
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[local.listeners.test.first_target_group].arn
  }

  depends_on = [aws_lb_listener.production]

  lifecycle {
    ignore_changes = [default_action]
  }
}

moved {
  from = aws_lb_listener.this["production"]
  to   = aws_lb_listener.production
}

moved {
  from = aws_lb_listener.this["test"]
  to   = aws_lb_listener.test
}
