# The cluster, what runs in it, and the inference service. Terraform registers a task definition for each new image;
# the pipeline decides which revision serves.

locals {
  cluster_arn = "${local.arn_prefix}:ecs:${local.regional}:cluster/${local.name}"

  families = { training = "${local.name}-training", inference = "${local.name}-inference" }

  # CPU in units of 1/1024 vCPU, memory in MB.
  tasks = {
    training = {
      cpu    = 1024
      memory = 4096
      environment = {
        DATA_BUCKET     = var.data_bucket
        FEATURES_PREFIX = local.prefixes.features
        MODEL_BUCKET    = var.model_bucket
      }
      serving = {}
    }
    inference = {
      cpu    = 512
      memory = 1024
      environment = {
        MODEL_BUCKET = var.model_bucket
        MODEL_KEY    = var.model_key
        PORT         = tostring(local.container_port)
      }
      serving = {
        portMappings = [{ containerPort = local.container_port, hostPort = local.container_port, protocol = "tcp" }]
        healthCheck = {
          command     = ["CMD-SHELL", "python3 -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:${local.container_port}/health', timeout=4)\""]
          interval    = 15
          timeout     = 5
          retries     = 3
          startPeriod = 30
        }
      }
    }
  }
}

# The log service's own key, for the reason given in functions.tf.
#trivy:ignore:AVD-AWS-0017
resource "aws_cloudwatch_log_group" "task" {
  for_each = local.families

  name              = "/ecs/${each.value}"
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_cluster" "this" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.tasks

  family                   = local.families[each.key]
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.task["execution"].arn
  task_role_arn            = aws_iam_role.task[each.key].arn

  # A rollback goes to an earlier revision: it must not be withdrawn when a new one replaces it.
  skip_destroy = true

  container_definitions = jsonencode([merge({
    name        = each.key
    image       = var.image_uris[each.key]
    essential   = true
    environment = [for name, value in merge(each.value.environment, var.task_environment) : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.task[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
      }
    }
  }, each.value.serving)])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }
}

# One service for each colour: the pipeline gives the idle one its tasks, tries them, moves the traffic, and takes the
# tasks of the other one away.
resource "aws_ecs_service" "inference" {
  for_each = {
    blue  = { name = local.families.inference, tasks = var.inference_tasks }
    green = { name = "${local.families.inference}-green", tasks = 0 }
  }

  name                               = each.value.name
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this["inference"].arn
  desired_count                      = each.value.tasks
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # Public addresses, since there is no NAT gateway; the security group lets nobody in but the load balancer.
  network_configuration {
    subnets          = aws_subnet.public[*].id
    security_groups  = [aws_security_group.this["inference"].id]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this[each.key].arn
    container_name   = "inference"
    container_port   = local.container_port
  }

  # ECS refuses a target group that no listener forwards to.
  depends_on = [aws_lb_listener.production, aws_lb_listener.test, aws_iam_role_policy.task, aws_route.internet]

  lifecycle {
    # The pipeline gives each colour its revision and its size, step by step and with a way back. A plan must not do it in
    # one go, nor undo it. (Rebalancing between zones: whatever AWS's default is.)
    ignore_changes = [task_definition, load_balancer, desired_count, availability_zone_rebalancing]
  }
}

moved {
  from = aws_ecs_service.inference
  to   = aws_ecs_service.inference["blue"]
}
