# The five functions and their alias. Terraform owns their settings; the pipeline owns their code and which version the
# alias points at.

locals {
  function_alias = "live"

  # Memory in MB, timeout in seconds. `engagement_api` waits up to 5 s for the inference service.
  functions = {
    pre_cleanup = {
      memory  = 256
      timeout = 300
      environment = {
        DATA_BUCKET    = var.data_bucket
        CLEANUP_PREFIX = local.prefixes.runs
        MAX_AGE_DAYS   = "30"
      }
    }
    data_prep = {
      memory  = 2048
      timeout = 300
      environment = merge({
        DATA_BUCKET     = var.data_bucket
        RAW_PREFIX      = local.prefixes.raw
        FEATURES_PREFIX = local.prefixes.features
        }, var.athena_source == null ? {} : {
        ATHENA_DATABASE  = var.athena_source.database
        ATHENA_TABLE     = var.athena_source.table
        ATHENA_WORKGROUP = var.athena_source.workgroup
        ATHENA_OUTPUT    = "s3://${var.data_bucket}/${local.prefixes.runs}athena/"
      })
    }
    start_training = {
      memory  = 256
      timeout = 30
      environment = {
        ECS_CLUSTER      = local.name
        TASK_DEFINITION  = local.families.training # the family: its newest revision
        CONTAINER_NAME   = "training"
        SUBNETS          = join(",", aws_subnet.public[*].id)
        SECURITY_GROUPS  = aws_security_group.this["training"].id
        ASSIGN_PUBLIC_IP = "ENABLED" # the subnets have no NAT gateway
      }
    }
    engagement_api = {
      memory      = 256
      timeout     = 10
      environment = { INFERENCE_URL = coalesce(var.inference_url, "http://${aws_lb.this.dns_name}") }
    }
    explain_engagement = {
      memory      = 256
      timeout     = 30
      environment = { KNOWLEDGE_BASE_ID = var.knowledge_base_id }
    }
  }

  # Only this one talks to the load balancer, and to nothing outside the VPC.
  functions_in_vpc = ["engagement_api"]

  function_names = { for name in keys(local.function_statements) : name => "${local.name}-${replace(name, "_", "-")}" }

  prefixes = { raw = "raw/", features = "features/", runs = "runs/" }
}

# Encrypted with the log service's own key: a key of our own would have to be granted to the service again.
#trivy:ignore:AVD-AWS-0017
resource "aws_cloudwatch_log_group" "function" {
  for_each = local.function_names

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name = local.function_names[each.key]
  role          = aws_iam_role.function[each.key].arn
  runtime       = "python3.11"
  handler       = "handler.handler"
  architectures = ["x86_64"]
  memory_size   = each.value.memory
  timeout       = each.value.timeout
  s3_bucket     = var.artifact_bucket
  s3_key        = var.package_keys[each.key]
  publish       = true

  environment {
    variables = each.value.environment
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = contains(local.functions_in_vpc, each.key) ? [1] : []

    content {
      subnet_ids         = aws_subnet.public[*].id
      security_group_ids = [aws_security_group.this["engagement-api"].id]
    }
  }

  # A function that starts before its log group exists makes one without retention.
  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]

  lifecycle {
    # The pipeline publishes code, after its gates. Terraform would replace it with whatever key it was last given.
    ignore_changes = [s3_bucket, s3_key, s3_object_version, source_code_hash]
  }
}

resource "aws_lambda_alias" "live" {
  for_each = local.functions

  name             = local.function_alias
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version

  lifecycle {
    # The pipeline moves traffic between versions: a plan in the middle of a canary must not move it back.
    ignore_changes = [function_version, routing_config]
  }
}
