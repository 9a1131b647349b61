output "state_bucket" {
  value = aws_s3_bucket.this["state"].id
}

output "ledger_bucket" {
  value = aws_s3_bucket.this["ledger"].id
}

output "artifact_bucket" {
  value = aws_s3_bucket.this["artifact"].id
}

output "repository_urls" {
  description = "Image name to ECR repository URI, without tag or digest."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}

output "deploy_role_arn" {
  description = "The role that the pipeline assumes."
  value       = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  description = "The role that pull requests are planned with (validation.checks.terraform_plan.role_arn in deploy.yaml)."
  value       = aws_iam_role.plan.arn
}

output "permissions_boundary_arn" {
  description = "The boundary that every role made by ../main has to carry."
  value       = aws_iam_policy.boundary.arn
}
