"""Shell completion: the script that a shell loads."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from formclip.show.tell import tell

SHELLS = ("bash", "zsh", "fish")
_WHERE = {
    "bash": "formclip completion bash >> ~/.bashrc",
    "zsh": "formclip completion zsh >> ~/.zshrc",
    "fish": "formclip completion fish > ~/.config/fish/completions/formclip.fish",
}


@click.command(
    "completion", short_help="Print the completion script for your shell.", epilog="Load it with: " + _WHERE["bash"]
)
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for your shell.

    SHELL is bash, zsh or fish.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, "formclip", "_FORMCLIP_COMPLETE")
    tell(f"# {_WHERE[shell]}")
    # click's own bash class asks the installed bash for its version first; the script itself needs none.
    tell(script.source_template % script.source_vars())
