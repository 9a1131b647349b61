"""Where a deployment can be broken: the exchanges with AWS, and with the Docker engine, that it consists of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """An exchange with AWS, at which a deployment can be broken. `after` names one that has to come before it."""

    name: str
    pattern: str
    after: str = ""
    everything: bool = False


LEDGER = "PUT chaos-ledger/production"
CODE = Place("a function's code", "UpdateFunctionCode f0")
VERSION = Place("a function's version", "PublishVersion f1")
INTENT = Place("the intent to move the aliases", f"{LEDGER}/deployments/", after="PublishVersion f1")
FIRST_ALIAS = Place("the first alias", "UpdateAlias f0")
LAST_ALIAS = Place("the last alias", "UpdateAlias f1")
RECORD = Place("the record of the release", f"{LEDGER}/deployed/")
SMOKE = Place("a smoke test", "Invoke f0", after="UpdateAlias f1")
END = Place("the end of the record", f"{LEDGER}/deployments/", after=f"{LEDGER}/deployed/")
POINTER = Place("the images' pointer", "PutImage", after=f"{LEDGER}/deployed/")
SIGN_OF_LIFE = Place("a sign of life", f"{LEDGER}/head", after="PublishVersion f1")
BEGINNING = Place("the record of the deployment", f"{LEDGER}/deployments/")
PACKAGE = Place("a function's package", "PUT chaos-artifacts/packages/")
PUSH = Place("the push of an image", "PUT v2/chaos/web/manifests/", everything=True)
LOCK = Place("Terraform's lock", r"PUT chaos-state/main\.tfstate\.tflock", everything=True)
RESOURCE = Place("Terraform's resource", "RegisterTaskDefinition", everything=True)
STATE = Place("Terraform's state", r"PUT chaos-state/main\.tfstate$", everything=True)
START = Place("the start of the other colour", "UpdateService", after="RegisterTaskDefinition", everything=True)
SWITCH = Place("the switch of the listener", "ModifyListener", after="UpdateService", everything=True)
DRAIN = Place("the end of the earlier colour", "UpdateService", after=f"{LEDGER}/deployed/", everything=True)

BUILD = Place("the build of an image", "docker POST /build", everything=True)
ENGINE_PUSH = Place("the engine's push", r"docker POST /images/.*/push", everything=True)

FUNCTIONS_BACK = Place("the first alias of a rollback", "UpdateAlias f0")
LAST_BACK = Place("the last alias of a rollback", "UpdateAlias f1")
SERVICE_BACK = Place("the switch of a rollback", "ModifyListener", after="UpdateService", everything=True)
RECORD_BACK = Place("the record of a rollback", f"{LEDGER}/deployed/")
