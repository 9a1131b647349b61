# What a deployment changes of the stack, and no more: a task definition for each new image.

terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
  backend "s3" {
    use_lockfile = true
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "image_uris" {
  type = map(string)
}

resource "aws_ecs_task_definition" "this" {
  family                   = "chaos-web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  skip_destroy             = true
  container_definitions = jsonencode([{
    name         = "web"
    image        = var.image_uris["web"]
    essential    = true
    portMappings = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }]
  }])
}
