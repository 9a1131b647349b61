# What the pipeline reads after an apply. Nothing here is secret.

output "api_url" {
  description = "Root of the API's stage; /v1/health and /v1/score follow it."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "rest_api_id" {
  value = aws_api_gateway_rest_api.this.id
}

output "stage_name" {
  value = aws_api_gateway_stage.this.stage_name
}

output "api_key_id" {
  description = "Id of the API key; its value is read from API Gateway when it is needed."
  value       = aws_api_gateway_api_key.this.id
}

output "knowledge_base_id" {
  description = "The Bedrock knowledge base of explain_engagement; empty where there is none."
  value       = var.knowledge_base_id
}

output "alb_dns_name" {
  value = aws_lb.this.dns_name
}

output "cluster" {
  value = aws_ecs_cluster.this.name
}

output "function_names" {
  description = "Name in deploy.yaml to the function's name in AWS."
  value       = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "task_definition_arns" {
  description = "Image name to the ARN, with revision, of the task definition that runs it."
  value       = { for name, definition in aws_ecs_task_definition.this : name => definition.arn }
}

output "data_bucket" {
  value = aws_s3_bucket.this["data"].id
}

output "model_bucket" {
  value = aws_s3_bucket.this["model"].id
}
