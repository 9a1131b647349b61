# Versions, traffic, and the reads on which a rollout is judged. Terraform in ../main needs the same services, so its
# actions on them are here too.

#trivy:ignore:AVD-AWS-0057
data "aws_iam_policy_document" "deploy_rollout" {
  statement {
    sid = "Functions"
    actions = [
      "lambda:AddPermission",
      "lambda:CreateAlias",
      "lambda:CreateFunction",
      "lambda:DeleteAlias",
      "lambda:DeleteFunction",
      "lambda:Get*",
      "lambda:InvokeFunction",
      "lambda:List*",
      "lambda:PublishVersion",
      "lambda:RemovePermission",
      "lambda:TagResource",
      "lambda:UntagResource",
      "lambda:UpdateAlias",
      "lambda:UpdateFunctionCode",
      "lambda:UpdateFunctionConfiguration",
    ]
    resources = ["${local.arn_prefix}:lambda:${local.regional}:function:${var.name}-*"]
  }

  statement {
    sid = "Services"
    actions = [
      "ecs:CreateService",
      "ecs:DeleteCluster",
      "ecs:DeleteService",
      "ecs:DescribeClusters",
      "ecs:DescribeServices",
      "ecs:DescribeTasks",
      "ecs:PutClusterCapacityProviders",
      "ecs:RunTask",
      "ecs:StopTask",
      "ecs:TagResource",
      "ecs:UntagResource",
      "ecs:UpdateCluster",
      "ecs:UpdateClusterSettings",
      "ecs:UpdateService",
      "ecs:ListTagsForResource",
    ]
    resources = [
      "${local.arn_prefix}:ecs:${local.regional}:cluster/${var.name}",
      "${local.arn_prefix}:ecs:${local.regional}:service/${var.name}/*",
      "${local.arn_prefix}:ecs:${local.regional}:task/${var.name}/*",
      "${local.arn_prefix}:ecs:${local.regional}:task-definition/${var.name}-*",
    ]
  }

  statement {
    sid = "Traffic"
    actions = [
      "elasticloadbalancing:AddTags",
      "elasticloadbalancing:CreateListener",
      "elasticloadbalancing:CreateLoadBalancer",
      "elasticloadbalancing:CreateRule",
      "elasticloadbalancing:CreateTargetGroup",
      "elasticloadbalancing:DeleteListener",
      "elasticloadbalancing:DeleteLoadBalancer",
      "elasticloadbalancing:DeleteRule",
      "elasticloadbalancing:DeleteTargetGroup",
      "elasticloadbalancing:ModifyListener",
      "elasticloadbalancing:ModifyListenerAttributes",
      "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyRule",
      "elasticloadbalancing:ModifyTargetGroup",
      "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:RemoveTags",
      "elasticloadbalancing:SetSecurityGroups",
      "elasticloadbalancing:SetSubnets",
    ]
    resources = [
      "${local.arn_prefix}:elasticloadbalancing:${local.regional}:loadbalancer/app/${var.name}/*",
      "${local.arn_prefix}:elasticloadbalancing:${local.regional}:listener/app/${var.name}/*",
      "${local.arn_prefix}:elasticloadbalancing:${local.regional}:listener-rule/app/${var.name}/*",
      "${local.arn_prefix}:elasticloadbalancing:${local.regional}:targetgroup/${var.name}-*/*",
    ]
  }

  statement {
    sid       = "Alarms"
    actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    resources = ["${local.arn_prefix}:cloudwatch:${local.regional}:alarm:${var.name}-*"]
  }

  statement {
    sid       = "Knowledge"
    actions   = ["bedrock:Retrieve"]
    resources = ["${local.arn_prefix}:bedrock:${local.regional}:knowledge-base/*"]
  }

  # Actions that have no resource to restrict them to: reads, an empty cluster, and task definitions, which start
  # nothing by themselves and can only name roles that may be passed.
  statement {
    sid = "Unrestricted"
    actions = [
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetMetricData",
      "cloudwatch:GetMetricStatistics",
      "cloudwatch:ListMetrics",
      "ecs:CreateCluster",
      "ecs:DeregisterTaskDefinition",
      "ecs:DescribeTaskDefinition",
      "ecs:ListServices",
      "ecs:ListTaskDefinitions",
      "ecs:ListTasks",
      "ecs:RegisterTaskDefinition",
      "elasticloadbalancing:Describe*",
      "logs:DescribeLogGroups",
    ]
    resources = ["*"]
  }
}
