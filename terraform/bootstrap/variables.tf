variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "us-east-1"
}

variable "name" {
  description = "Prefix of every name in the application; the deploy role may only touch what carries it."
  type        = string
  default     = "engagement-ml"
}

# S3 bucket names are global: another team has to choose its own.

variable "state_bucket" {
  description = "Bucket for Terraform state (terraform.*.backend.bucket in deploy.yaml)."
  type        = string
  default     = "engagement-ml-terraform-state"
}

variable "ledger_bucket" {
  description = "Bucket for the record of deployments and releases (aws.ledger_bucket in deploy.yaml)."
  type        = string
  default     = "engagement-ml-ledger"
}

variable "artifact_bucket" {
  description = "Bucket for function packages, plans and scan reports (aws.artifact_bucket in deploy.yaml)."
  type        = string
  default     = "engagement-ml-artifacts"
}

variable "application_buckets" {
  description = "Data and model buckets that ../main creates; the boundary and the deploy role name them."
  type        = list(string)
  default     = ["engagement-ml-data", "engagement-ml-models"]
}

variable "artifact_retention_days" {
  description = "Days after which a package, plan or report is deleted."
  type        = number
  default     = 365

  validation {
    condition     = var.artifact_retention_days >= 30
    error_message = "Keep artefacts for at least 30 days: a rollback may need them."
  }
}

variable "expire_objects" {
  description = "Whether old artefacts and old versions are deleted. The provider watches a new rule for almost a minute: a throw-away environment does better without."
  type        = bool
  default     = true
}

variable "image_names" {
  description = "Container images of the application; each gets the ECR repository <name>/<image>."
  type        = set(string)
  default     = ["training", "inference"]
}

variable "images_kept" {
  description = "Tagged images kept in each repository; older ones are deleted."
  type        = number
  default     = 200
}

variable "deploy_principal_arns" {
  description = "IAM principals that may assume the deploy role: the identity the pipeline runs as. Empty: whoever in this account is allowed to by a policy of their own."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.deploy_principal_arns : startswith(arn, "arn:")])
    error_message = "Each principal must be an ARN; '*' would let anyone deploy."
  }
}

variable "email_sender" {
  description = "Address that the pipeline may send mail from (notifications.email.sender in deploy.yaml)."
  type        = string
  default     = "deployments@engagement.example.com"
}
