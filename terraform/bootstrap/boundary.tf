# The most that any role created by the pipeline can ever do. Without it, a role that may create roles is an
# administrator by another name.

locals {
  account             = data.aws_caller_identity.current.account_id
  arn_prefix          = "arn:${data.aws_partition.current.partition}"
  regional            = "${var.region}:${local.account}"
  application_buckets = [for bucket in var.application_buckets : "${local.arn_prefix}:s3:::${bucket}"]
  application_roles   = "${local.arn_prefix}:iam::${local.account}:role/${var.name}-*"
}

# The wildcards are a ceiling: what each role really gets is in ../main/iam.tf. Passing a role is limited to task roles.
#trivy:ignore:AVD-AWS-0057
#trivy:ignore:AVD-AWS-0342
data "aws_iam_policy_document" "boundary" {
  statement {
    sid       = "Data"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:AbortMultipartUpload"]
    resources = concat(local.application_buckets, [for arn in local.application_buckets : "${arn}/*"])
  }

  statement {
    sid       = "Queries"
    actions   = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:StopQueryExecution", "glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"]
    resources = ["*"]
  }

  statement {
    sid     = "Logs"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [
      "${local.arn_prefix}:logs:${local.regional}:log-group:/aws/lambda/${var.name}-*",
      "${local.arn_prefix}:logs:${local.regional}:log-group:/ecs/${var.name}-*",
    ]
  }

  statement {
    sid     = "Training"
    actions = ["ecs:DescribeClusters", "ecs:RunTask"]
    resources = [
      "${local.arn_prefix}:ecs:${local.regional}:cluster/${var.name}",
      "${local.arn_prefix}:ecs:${local.regional}:task-definition/${var.name}-*",
    ]
  }

  statement {
    sid       = "PassTaskRoles"
    actions   = ["iam:PassRole"]
    resources = [local.application_roles]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  statement {
    sid       = "Images"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["${local.arn_prefix}:ecr:${local.regional}:repository/${var.name}/*"]
  }

  statement {
    sid       = "Knowledge"
    actions   = ["bedrock:Retrieve"]
    resources = ["${local.arn_prefix}:bedrock:${local.regional}:knowledge-base/*"]
  }

  # These actions have no resource to restrict them to.
  statement {
    sid = "Unrestricted"
    actions = [
      "ecr:GetAuthorizationToken",
      "ecs:DescribeTaskDefinition",
      "xray:PutTraceSegments",
      "xray:PutTelemetryRecords",
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses",
      "ec2:UnassignPrivateIpAddresses",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "Permissions boundary of every role of ${var.name}"
  policy      = data.aws_iam_policy_document.boundary.json
}
