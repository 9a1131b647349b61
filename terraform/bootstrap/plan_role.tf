# The role that pull requests are planned with: it reads how things are set up, and next to nothing that is kept in them.
#
# A plan runs the pull request's code with this role's credentials. So it is not AWS's ReadOnlyAccess, which reads
# objects in buckets, parameters, logs and messages: it is what a refresh of ../main needs, and a list of denials that
# holds whatever is added later. What it cannot keep from a plan is what Terraform itself reads: the state of ../main
# with the API key in it, and the environment variables of functions and tasks.

# Most descriptions cannot be restricted to a resource, and a plan may bring new ones.
#trivy:ignore:AVD-AWS-0057
data "aws_iam_policy_document" "plan" {
  # There is no permission to lock the state: plans are made with -lock=false.
  statement {
    sid       = "State"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.this["state"].arn}/main/*"]
  }

  statement {
    sid       = "FindState"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.this["state"].arn]
  }

  # Terraform asks whether a bucket is there by a call that needs the permission to list it.
  statement {
    sid = "Buckets"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucket*",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
    ]
    resources = local.application_buckets
  }

  statement {
    sid       = "Functions"
    actions   = ["lambda:Get*", "lambda:List*"]
    resources = ["${local.arn_prefix}:lambda:${local.regional}:function:${var.name}-*"]
  }

  statement {
    sid = "Roles"
    actions = [
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole",
      "iam:ListRolePolicies",
      "iam:ListRoleTags",
    ]
    resources = [local.application_roles]
  }

  statement {
    sid     = "Api"
    actions = ["apigateway:GET"]
    resources = [
      for path in ["restapis", "restapis/*", "usageplans", "usageplans/*", "tags/*"] :
      "${local.arn_prefix}:apigateway:${var.region}::/${path}"
    ]
  }

  # Reading a key's settings reads the key: only the application's own.
  statement {
    sid       = "ApiKeys"
    actions   = ["apigateway:GET"]
    resources = ["${local.arn_prefix}:apigateway:${var.region}::/apikeys/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = [var.name]
    }
  }

  statement {
    sid = "Settings"
    actions = [
      "cloudwatch:DescribeAlarms",
      "cloudwatch:ListTagsForResource",
      "ec2:Describe*",
      "ec2:GetManagedPrefixListEntries",
      "ecr:DescribeRepositories",
      "ecr:ListTagsForResource",
      "ecs:Describe*",
      "ecs:ListTagsForResource",
      "elasticloadbalancing:Describe*",
      "logs:DescribeLogGroups",
      "logs:ListTagsForResource",
    ]
    resources = ["*"]
  }

  statement {
    sid    = "NoContent"
    effect = "Deny"
    actions = [
      "athena:GetQueryResults",
      "dynamodb:BatchGetItem",
      "dynamodb:GetItem",
      "dynamodb:GetRecords",
      "dynamodb:PartiQL*",
      "dynamodb:Query",
      "dynamodb:Scan",
      "ec2:DescribeInstanceAttribute",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetConsoleOutput",
      "ec2:GetPasswordData",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
      "kinesis:GetRecords",
      "kms:Decrypt",
      "lambda:InvokeFunction",
      "logs:FilterLogEvents",
      "logs:GetLogEvents",
      "logs:StartQuery",
      "secretsmanager:BatchGetSecretValue",
      "secretsmanager:GetSecretValue",
      "sqs:ReceiveMessage",
      "ssm:GetParameter*",
      "sts:AssumeRole",
    ]
    resources = ["*"]
  }

  statement {
    sid           = "NoObjects"
    effect        = "Deny"
    actions       = ["s3:GetObject*"]
    not_resources = ["${aws_s3_bucket.this["state"].arn}/main/*"]
  }
}

data "aws_iam_policy_document" "plan_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    # The pipeline, whether it has assumed the deploy role already or not.
    principals {
      type = "AWS"
      identifiers = concat(
        [aws_iam_role.deploy.arn],
        coalescelist(var.deploy_principal_arns, ["${local.arn_prefix}:iam::${local.account}:root"]),
      )
    }
  }
}

# Like the deploy role's, its name does not start with "<name>-": the deploy role may change what does.
resource "aws_iam_role" "plan" {
  name                 = "plan-${var.name}"
  description          = "Assumed by the deployment pipeline of ${var.name} to plan pull requests"
  assume_role_policy   = data.aws_iam_policy_document.plan_assume.json
  max_session_duration = 3600 # seconds
}

resource "aws_iam_policy" "plan" {
  name   = "plan-${var.name}"
  policy = data.aws_iam_policy_document.plan.json
}

resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.plan.name
  policy_arn = aws_iam_policy.plan.arn
}
