# Tags stay mutable: `latest` moves with every promotion, and the AWS provider 5.x cannot exempt one tag from
# IMMUTABLE (image_tag_mutability_exclusion_filter came with 6.x). Nothing is deployed by tag: task definitions name
# images by digest.
# Images are encrypted with the registry's own key, for the reason given in buckets.tf.
#trivy:ignore:AVD-AWS-0031
#trivy:ignore:AVD-AWS-0033
resource "aws_ecr_repository" "this" {
  for_each = var.image_names

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "MUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = var.image_names

  repository = aws_ecr_repository.this[each.key].name

  policy = jsonencode({
    rules = [
      {
        # An image loses its tag when the same commit is built again, and may still be running: hence the long wait.
        rulePriority = 1
        description  = "Delete untagged images after 90 days"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 90 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Keep the newest ${var.images_kept} tagged images"
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["*"]
          countType      = "imageCountMoreThan"
          countNumber    = var.images_kept
        }
        action = { type = "expire" }
      },
    ]
  })
}
