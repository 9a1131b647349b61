# What each function may do: the calls in its handler.

locals {
  function_statements = {
    pre_cleanup = [
      { actions = ["s3:ListBucket"], resources = [local.bucket_arns.data] },
      { actions = ["s3:DeleteObject"], resources = ["${local.bucket_arns.data}/${local.prefixes.runs}*"] },
    ]
    data_prep = concat([
      { actions = ["s3:ListBucket"], resources = [local.bucket_arns.data] },
      { actions = ["s3:GetObject"], resources = ["${local.bucket_arns.data}/${local.prefixes.raw}*"] },
      { actions = ["s3:GetObject", "s3:PutObject"], resources = ["${local.bucket_arns.data}/${local.prefixes.features}*"] },
    ], local.athena_statements)
    start_training = [
      { actions = ["ecs:DescribeTaskDefinition"], resources = ["*"] }, # ECS cannot restrict it to one
      { actions = ["ecs:DescribeClusters"], resources = [local.cluster_arn] },
      { actions = ["ecs:RunTask"], resources = ["${local.arn_prefix}:ecs:${local.regional}:task-definition/${local.families.training}:*"] },
      { actions = ["iam:PassRole"], resources = [for role in ["training", "execution"] : local.task_role_arns[role]] },
    ]
    engagement_api = []
    explain_engagement = var.knowledge_base_id == "" ? [] : [
      { actions = ["bedrock:Retrieve"], resources = ["${local.arn_prefix}:bedrock:${local.regional}:knowledge-base/${var.knowledge_base_id}"] },
    ]
  }

  athena_statements = var.athena_source == null ? [] : [
    {
      actions   = ["athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"]
      resources = ["${local.arn_prefix}:athena:${local.regional}:workgroup/${var.athena_source.workgroup}"]
    },
    {
      actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"]
      resources = [
        "${local.arn_prefix}:glue:${local.regional}:catalog",
        "${local.arn_prefix}:glue:${local.regional}:database/${var.athena_source.database}",
        "${local.arn_prefix}:glue:${local.regional}:table/${var.athena_source.database}/${var.athena_source.table}",
      ]
    },
    {
      actions   = ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"]
      resources = ["${local.arn_prefix}:s3:::${var.athena_source.bucket}", "${local.arn_prefix}:s3:::${var.athena_source.bucket}/*"]
    },
    {
      actions   = ["s3:GetBucketLocation", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
      resources = [local.bucket_arns.data, "${local.bucket_arns.data}/${local.prefixes.runs}athena/*"]
    },
  ]
}

# Traces and network interfaces belong to no resource that could be named; passing is limited to two task roles.
#trivy:ignore:AVD-AWS-0342
data "aws_iam_policy_document" "function" {
  for_each = local.function_statements

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.arn_prefix}:logs:${local.regional}:log-group:/aws/lambda/${local.function_names[each.key]}:*"]
  }

  statement {
    sid       = "Traces"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = contains(local.functions_in_vpc, each.key) ? [1] : []

    content {
      sid = "NetworkInterfaces"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = each.value

    content {
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}
