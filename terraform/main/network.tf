# A VPC of its own: public subnets in two zones, no NAT gateway. Tasks have public addresses to fetch their images and
# to log, and security groups that let nothing in but the load balancer.

data "aws_availability_zones" "available" {
  state = "available"
}

locals {
  zones           = slice(data.aws_availability_zones.available.names, 0, 2)
  inside_cidrs    = toset(concat([var.vpc_cidr], var.pipeline_cidrs))
  all_addresses   = "0.0.0.0/0"
  container_port  = 8080
  production_port = 80
  test_port       = 8081
}

# Without flow logs: one service and one task talk in it, through security groups that name their peers.
#trivy:ignore:AVD-AWS-0178
resource "aws_vpc" "this" {
  cidr_block = var.vpc_cidr

  tags = { Name = local.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = local.name }
}

# Addresses are given to tasks one by one (assign_public_ip), not to whatever starts in the subnet.
resource "aws_subnet" "public" {
  count = 2

  vpc_id            = aws_vpc.this.id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, count.index)

  tags = { Name = "${local.name}-public-${local.zones[count.index]}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${local.name}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = local.all_addresses
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  count = 2

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

# Data and models do not leave AWS's network.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.public.id]

  tags = { Name = "${local.name}-s3" }
}

# Closes the group that AWS gives to every VPC: nothing may use it by accident.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
}
