# The public API: a REST API with an API key, in front of the `live` alias of engagement_api.

locals {
  api_methods = {
    health_get  = { resource = "health", method = "GET" }
    health_post = { resource = "health", method = "POST" }
    score_post  = { resource = "score", method = "POST" }
  }
}

resource "aws_api_gateway_rest_api" "this" {
  name        = local.name
  description = "Engagement scores"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "v1" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "v1"
}

resource "aws_api_gateway_resource" "endpoint" {
  for_each = toset(["health", "score"])

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.v1.id
  path_part   = each.key
}

# Callers are other systems of the same company: an API key and a usage plan are what they are given.
#trivy:ignore:AVD-AWS-0004
resource "aws_api_gateway_method" "this" {
  for_each = local.api_methods

  rest_api_id      = aws_api_gateway_rest_api.this.id
  resource_id      = aws_api_gateway_resource.endpoint[each.value.resource].id
  http_method      = each.value.method
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.api_methods

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.endpoint[each.value.resource].id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_alias.live["engagement_api"].invoke_arn
}

resource "aws_lambda_permission" "api" {
  statement_id  = "AllowApiGateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["engagement_api"].function_name
  qualifier     = aws_lambda_alias.live["engagement_api"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*/*/v1/*"
}

# A deployment is a snapshot: a new one is needed whenever the methods change. Only what is configured goes into the
# trigger, not the resources as AWS reports them: those differ from the first refresh on.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  triggers = {
    methods = sha1(jsonencode([
      for name, integration in aws_api_gateway_integration.this : [
        aws_api_gateway_resource.endpoint[local.api_methods[name].resource].path_part,
        aws_api_gateway_method.this[name].http_method,
        aws_api_gateway_method.this[name].authorization,
        aws_api_gateway_method.this[name].api_key_required,
        integration.type,
        integration.uri,
      ]
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }
}

# The log service's own key, for the reason given in functions.tf.
#trivy:ignore:AVD-AWS-0017
resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${local.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage_name
  xray_tracing_enabled = true

  # Needs the account's log role, which ../bootstrap sets.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format = jsonencode({
      requestId = "$context.requestId"
      time      = "$context.requestTime"
      method    = "$context.httpMethod"
      path      = "$context.path"
      status    = "$context.status"
      latency   = "$context.responseLatency"
      apiKeyId  = "$context.identity.apiKeyId"
      error     = "$context.error.message"
    })
  }
}

# Its value lies in the state, and nowhere in the outputs. Left out, the provider sends an empty one, which not every
# implementation of the API takes for "make one up".
resource "aws_api_gateway_api_key" "this" {
  name        = local.name
  description = "Callers of the engagement API, and the pipeline's smoke tests"
  value       = replace(uuid(), "-", "")

  lifecycle {
    # uuid() is new in every plan; the key keeps the first one, or the one that it was rotated to.
    ignore_changes = [value]
  }
}

resource "aws_api_gateway_usage_plan" "this" {
  name = local.name

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  # Requests per second, and how many may come at once.
  throttle_settings {
    rate_limit  = 50
    burst_limit = 100
  }

  quota_settings {
    limit  = 1000000
    period = "DAY"
  }
}

resource "aws_api_gateway_usage_plan_key" "this" {
  key_id        = aws_api_gateway_api_key.this.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this.id
}
