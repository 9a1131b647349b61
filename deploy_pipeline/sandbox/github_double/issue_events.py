"""What happened to a pull request, one entry each, as GitHub's issue events tell it. Written by who makes it happen."""

from deploy_pipeline.sandbox.github_double.call import Services
from deploy_pipeline.sandbox.github_double.store import Document

KIND = "issue_event"


def record(services: Services, full_name: str, number: int, event: str, login: str, **more: object) -> None:
    """Note one event, such as `labeled`, of a pull request; `more` is what this kind of event has beside the rest."""
    value = {"issue": number, "event": event, "actor": login, "created_at": services.timestamp(), **more}
    services.store.add(KIND, full_name, number, value)


def events_of(services: Services, full_name: str, number: int) -> list[Document]:
    """All of them, oldest first; later ones have greater ids."""
    return services.store.children(KIND, full_name, number)
