"""The one root of errors that an operator can act on. Anything else that is raised is a bug."""


class DeployError(Exception):
    """What went wrong, where, and what to do next.

    `retryable` is true only for trouble that passes by itself (throttling, a connection that dropped).
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "", retryable: bool = False) -> None:
        self.what = what
        self.where = where
        self.todo = todo
        self.retryable = retryable
        super().__init__(what)

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.todo:
            parts.append(f"What to do: {self.todo}")
        return "\n".join(parts)


class Throttled(DeployError):
    """Refused for being asked too often: surely not done, and asked again a moment later."""

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what, where=where, todo=todo, retryable=True)
