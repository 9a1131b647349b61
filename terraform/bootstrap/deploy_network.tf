# The network of ../main. Things get random ids here too; what exists may only be changed where it carries the
# application's Project tag, which ../main gives to everything that it creates.

#trivy:ignore:AVD-AWS-0057
data "aws_iam_policy_document" "deploy_network" {
  statement {
    sid       = "Look"
    actions   = ["ec2:Describe*", "ec2:GetManagedPrefixListEntries", "ec2:GetSecurityGroupsForVpc"]
    resources = ["*"]
  }

  statement {
    sid = "Create"
    actions = [
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:CreateInternetGateway",
      "ec2:CreateRouteTable",
      "ec2:CreateSecurityGroup",
      "ec2:CreateSubnet",
      "ec2:CreateVpc",
      "ec2:CreateVpcEndpoint",
    ]
    resources = ["${local.arn_prefix}:ec2:${local.regional}:*/*"]
  }

  # Tags are what the last statement goes by: they may be given to what is being created, not to what somebody else made.
  statement {
    sid       = "TagAtCreation"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.arn_prefix}:ec2:${local.regional}:*/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/Project"
      values   = [var.name]
    }

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values = [
        "AuthorizeSecurityGroupEgress",
        "AuthorizeSecurityGroupIngress",
        "CreateInternetGateway",
        "CreateRouteTable",
        "CreateSecurityGroup",
        "CreateSubnet",
        "CreateVpc",
        "CreateVpcEndpoint",
      ]
    }
  }

  # The default security group of a new VPC carries no tag, and has to be emptied and tagged all the same.
  statement {
    sid       = "CloseDefaultSecurityGroup"
    actions   = ["ec2:CreateTags", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"]
    resources = ["${local.arn_prefix}:ec2:${local.regional}:security-group/*", "${local.arn_prefix}:ec2:${local.regional}:security-group-rule/*"]
  }

  statement {
    sid = "ChangeOwn"
    actions = [
      "ec2:AssociateRouteTable",
      "ec2:AttachInternetGateway",
      "ec2:CreateRoute",
      "ec2:CreateTags",
      "ec2:DeleteInternetGateway",
      "ec2:DeleteRoute",
      "ec2:DeleteRouteTable",
      "ec2:DeleteSecurityGroup",
      "ec2:DeleteSubnet",
      "ec2:DeleteTags",
      "ec2:DeleteVpc",
      "ec2:DeleteVpcEndpoints",
      "ec2:DetachInternetGateway",
      "ec2:DisassociateRouteTable",
      "ec2:ModifySecurityGroupRules",
      "ec2:ModifySubnetAttribute",
      "ec2:ModifyVpcAttribute",
      "ec2:ModifyVpcEndpoint",
      "ec2:ReplaceRoute",
      "ec2:ReplaceRouteTableAssociation",
    ]
    resources = ["${local.arn_prefix}:ec2:${local.regional}:*/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = [var.name]
    }
  }
}
