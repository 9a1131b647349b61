# The application: functions, API, inference service, training task. The pipeline applies it for every deployment; what
# has to exist before that is in ../bootstrap. Code and traffic are not Terraform's: see `ignore_changes`.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket, key and region come from deploy.yaml, through -backend-config.
  backend "s3" {
    use_lockfile = true
    encrypt      = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project   = local.name # the deploy role may change what carries it
      Stack     = "main"
      ManagedBy = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name       = "engagement-ml"
  account    = data.aws_caller_identity.current.account_id
  arn_prefix = "arn:${data.aws_partition.current.partition}"
  regional   = "${var.region}:${local.account}"
}
