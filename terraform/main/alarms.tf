# Alarms on what has happened in production. The analysis of a rollout reads the metrics itself and does not wait for them.

locals {
  alarms = merge(
    {
      for name, function_name in local.function_names : "${function_name}-errors" => {
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        threshold   = 5
        dimensions  = { FunctionName = function_name }
        description = "${function_name} failed more than 5 times in 5 minutes"
      }
    },
    {
      "${local.name}-service-5xx" = {
        namespace   = "AWS/ApplicationELB"
        metric      = "HTTPCode_Target_5XX_Count"
        threshold   = 10
        dimensions  = { LoadBalancer = aws_lb.this.arn_suffix }
        description = "The inference service answered more than 10 requests with 5xx in 5 minutes"
      }
      "${local.name}-load-balancer-5xx" = {
        namespace   = "AWS/ApplicationELB"
        metric      = "HTTPCode_ELB_5XX_Count"
        threshold   = 10
        dimensions  = { LoadBalancer = aws_lb.this.arn_suffix }
        description = "The load balancer found no healthy task for more than 10 requests in 5 minutes"
      }
      "${local.name}-api-5xx" = {
        namespace   = "AWS/ApiGateway"
        metric      = "5XXError"
        threshold   = 10
        dimensions  = { ApiName = local.name, Stage = var.stage_name }
        description = "The API answered more than 10 requests with 5xx in 5 minutes"
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = var.create_alarms ? local.alarms : {}

  alarm_name          = each.key
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching" # no requests, no errors
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}
