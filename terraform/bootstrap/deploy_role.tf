# The role of the pipeline. What it may do is in deploy_delivery.tf (packages, images, the ledger), deploy_rollout.tf
# (versions, traffic, metrics) and deploy_infrastructure.tf (what `terraform apply` in ../main needs).

data "aws_iam_policy_document" "deploy_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type = "AWS"
      identifiers = coalescelist(
        var.deploy_principal_arns,
        ["${local.arn_prefix}:iam::${local.account}:root"],
      )
    }
  }
}

# Its name does not start with "<name>-": it must not match the roles that it may change.
resource "aws_iam_role" "deploy" {
  name                 = "deploy-${var.name}"
  description          = "Assumed by the deployment pipeline of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.deploy_assume.json
  max_session_duration = 7200 # seconds: a deployment bakes for longer than the default hour
}

locals {
  deploy_policies = {
    delivery       = data.aws_iam_policy_document.deploy_delivery.json
    rollout        = data.aws_iam_policy_document.deploy_rollout.json
    infrastructure = data.aws_iam_policy_document.deploy_infrastructure.json
    network        = data.aws_iam_policy_document.deploy_network.json
  }
}

# Several policies: a managed policy holds 6,144 characters.
resource "aws_iam_policy" "deploy" {
  for_each = local.deploy_policies

  name   = "deploy-${var.name}-${each.key}"
  policy = each.value
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local.deploy_policies

  role       = aws_iam_role.deploy.name
  policy_arn = aws_iam_policy.deploy[each.key].arn
}
