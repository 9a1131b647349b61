# What the containers may do, and what ECS may do to start them (`execution`).

locals {
  task_statements = {
    training = [
      { actions = ["s3:ListBucket"], resources = [local.bucket_arns.data, local.bucket_arns.model] },
      { actions = ["s3:GetObject"], resources = ["${local.bucket_arns.data}/${local.prefixes.features}*"] },
      { actions = ["s3:GetObject", "s3:PutObject"], resources = ["${local.bucket_arns.model}/*"] },
    ]
    inference = [
      { actions = ["s3:ListBucket"], resources = [local.bucket_arns.model] },
      { actions = ["s3:GetObject"], resources = ["${local.bucket_arns.model}/*"] },
    ]
    execution = [
      { actions = ["ecr:GetAuthorizationToken"], resources = ["*"] }, # a registry login has no resource
      {
        actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        resources = ["${local.arn_prefix}:ecr:${local.regional}:repository/${local.name}/*"]
      },
      {
        actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources = [for family in values(local.families) : "${local.arn_prefix}:logs:${local.regional}:log-group:/ecs/${family}:*"]
      },
    ]
  }

  task_role_arns = { for name in keys(local.task_statements) : name => "${local.arn_prefix}:iam::${local.account}:role/${local.name}-${name}-task" }
}

data "aws_iam_policy_document" "task" {
  for_each = local.task_statements

  dynamic "statement" {
    for_each = each.value

    content {
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}
