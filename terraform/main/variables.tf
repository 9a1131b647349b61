# What the pipeline hands over on each deployment.

variable "image_uris" {
  description = "Image name to URI with digest: keys training and inference."
  type        = map(string)

  validation {
    condition     = alltrue([for image in ["training", "inference"] : contains(keys(var.image_uris), image)])
    error_message = "image_uris needs the keys training and inference."
  }

  validation {
    condition     = alltrue([for uri in values(var.image_uris) : can(regex("@sha256:[0-9a-f]{64}$", uri))])
    error_message = "Each image must be named by its digest (<repository URI>@sha256:<64 hex digits>): a tag can move."
  }
}

variable "package_keys" {
  description = "Function name to the S3 key of its package in artifact_bucket. Read only when a function is created: later code is published by the pipeline."
  type        = map(string)

  validation {
    condition = alltrue([
      for name in ["pre_cleanup", "data_prep", "start_training", "engagement_api", "explain_engagement"] :
      contains(keys(var.package_keys), name)
    ])
    error_message = "package_keys needs the keys pre_cleanup, data_prep, start_training, engagement_api and explain_engagement."
  }
}

variable "artifact_bucket" {
  description = "Bucket of the function packages."
  type        = string
}

# What a team sets once, under terraform.main.variables in deploy.yaml or as TF_VAR_<name>.

variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "us-east-1"
}

variable "data_bucket" {
  description = "Bucket to create for raw events and features. S3 names are global; ../bootstrap names it too."
  type        = string
  default     = "engagement-ml-data"
}

variable "model_bucket" {
  description = "Bucket to create for trained models. S3 names are global; ../bootstrap names it too."
  type        = string
  default     = "engagement-ml-models"
}

variable "old_versions_kept_days" {
  description = "Days that overwritten or deleted data and models can be recovered."
  type        = number
  default     = 90
}

variable "model_key" {
  description = "Key in the model bucket of the model that is served."
  type        = string
  default     = "models/latest/model.joblib"
}

variable "knowledge_base_id" {
  description = "An existing Bedrock knowledge base for explain_engagement; empty leaves the function without one. It is not created here: it needs a vector index, which version 5 of the AWS provider cannot make."
  type        = string
  default     = ""
}

variable "athena_source" {
  description = "Athena table to read raw events from, instead of the data bucket's raw/ folder. Its bucket has to be among application_buckets of ../bootstrap."
  type = object({
    database  = string
    table     = string
    workgroup = optional(string, "primary")
    bucket    = string # where the table's files lie
  })
  default = null
}

variable "inference_url" {
  description = "URL at which engagement_api finds the inference service; empty for the load balancer's own."
  type        = string
  default     = ""
}

variable "inference_tasks" {
  description = "Tasks that the inference service starts with; the pipeline changes the number afterwards."
  type        = number
  default     = 2
}

variable "vpc_cidr" {
  description = "Address range of the VPC that is created."
  type        = string
  default     = "10.42.0.0/16"
}

variable "pipeline_cidrs" {
  description = "Address ranges from which the pipeline reaches the load balancer (both listeners) and the tasks, such as a peered network. Empty: only from inside the VPC."
  type        = list(string)
  default     = []
}

variable "internal_load_balancer" {
  description = "Whether the load balancer has only private addresses. Callers come through API Gateway; make it public only where the pipeline has no private route, and then set pipeline_cidrs."
  type        = bool
  default     = true
}

variable "stage_name" {
  description = "Stage of the API, the first part of its path."
  type        = string
  default     = "production"
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "permissions_boundary" {
  description = "Name of the IAM policy that limits every role; the deploy role may create no role without it."
  type        = string
  default     = "engagement-ml-boundary"
}

variable "create_alarms" {
  description = "Whether to make the CloudWatch alarms."
  type        = bool
  default     = true
}

variable "alarm_actions" {
  description = "ARNs that are told of an alarm, such as an SNS topic."
  type        = list(string)
  default     = []
}

variable "task_environment" {
  description = "Further environment variables of both tasks, for example the address and dummy credentials of an emulated AWS. Not for secrets: a task definition shows them."
  type        = map(string)
  default     = {}
}
