# How the roles are made. What each may do is in iam_functions.tf and iam_tasks.tf. All carry the boundary of
# ../bootstrap: the deploy role may create no other kind.

locals {
  boundary_arn = "${local.arn_prefix}:iam::${local.account}:policy/${var.permissions_boundary}"
}

data "aws_iam_policy_document" "assume" {
  for_each = toset(["lambda", "ecs-tasks"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  for_each = local.function_names

  name                 = each.value
  assume_role_policy   = data.aws_iam_policy_document.assume["lambda"].json
  permissions_boundary = local.boundary_arn
}

resource "aws_iam_role_policy" "function" {
  for_each = local.function_names

  name   = "function"
  role   = aws_iam_role.function[each.key].id
  policy = data.aws_iam_policy_document.function[each.key].json
}

resource "aws_iam_role" "task" {
  for_each = local.task_statements

  name                 = "${local.name}-${each.key}-task"
  assume_role_policy   = data.aws_iam_policy_document.assume["ecs-tasks"].json
  permissions_boundary = local.boundary_arn
}

resource "aws_iam_role_policy" "task" {
  for_each = local.task_statements

  name   = "task"
  role   = aws_iam_role.task[each.key].id
  policy = data.aws_iam_policy_document.task[each.key].json
}
