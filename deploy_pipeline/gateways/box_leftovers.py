"""Removes what a pipeline that was killed left in the engine: its boxes. Nothing of a living one."""

from docker import APIClient
from docker.errors import APIError

from deploy_pipeline.core.box_container import OWNER_LABEL
from deploy_pipeline.gateways.box_owner import BoxOwner

NOT_FOUND = 404
BEING_REMOVED = 409


def remove_container(client: APIClient, name: str) -> None:
    """End everything in a container and remove it, if it is there."""
    try:
        client.remove_container(name, v=True, force=True)
    except APIError as error:
        if error.status_code not in {NOT_FOUND, BEING_REMOVED}:
            raise


def remove_containers(client: APIClient, owner: str) -> None:
    """Remove the containers with this owner's label."""
    for found in client.containers(all=True, filters={"label": f"{OWNER_LABEL}={owner}"}):
        remove_container(client, str(found["Id"]))


def remove_leftovers(client: APIClient, owner: BoxOwner) -> int:
    """Remove the containers of dead owners; how many these were."""
    found = client.containers(all=True, filters={"label": OWNER_LABEL})
    containers = [(str(each["Id"]), str(each["Labels"][OWNER_LABEL])) for each in found]
    dead = {label for _, label in containers if owner.is_dead(label)}
    left = [name for name, label in containers if label in dead]
    for name in left:
        remove_container(client, name)
    for label in dead:
        owner.forget(label)
    return len(left)
