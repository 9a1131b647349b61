"""The key of what a service runs."""

from deploy_pipeline.core.candidate import ServiceDeployment
from deploy_pipeline.core.content_key import ContentKey, key_of


def service_key(deployment: ServiceDeployment, task_definition: str) -> ContentKey:
    """`task_definition` is the newest of the family, which Terraform made from the image."""
    service = deployment.service.model_dump(mode="json")
    return key_of("service", service=service, image=deployment.image.pinned, task_definition=task_definition)
