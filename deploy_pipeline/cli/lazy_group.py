"""A group of commands each of which is imported when it is called: importing Dagster takes longer than most of them."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

import click


@contextmanager
def importing() -> Iterator[None]:
    """Leave out Python's search for cyclic garbage while modules are loaded, and never search what they made.

    Loading Dagster makes hundreds of thousands of objects and no garbage. The searches are a third of its time, and at
    the end of the process one more takes half a second.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if searching:
            gc.enable()


class LazyGroup(click.Group):
    """`places` gives the module of each command, which has the command's name in it."""

    def __init__(self, *args: object, places: Mapping[str, str], **settings: object) -> None:
        super().__init__(*args, **settings)  # type: ignore[arg-type]  # click's own arguments, handed on
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the alphabet."""
        return sorted({*self.places, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, loaded now; None where there is none."""
        if cmd_name not in self.places:
            return super().get_command(ctx, cmd_name)
        with importing():
            found: click.Command = getattr(import_module(self.places[cmd_name]), cmd_name)
        return found
