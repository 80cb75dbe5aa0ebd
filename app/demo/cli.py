"""Commands of the demo."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

import media_pipeline
from app.kernel.platform import Platform


def groups() -> list[AppGroup]:
    """Return the command groups of the demo."""
    group = AppGroup("demo", help="A small catalogue to look around in.")

    @group.command("seed")
    def seed() -> None:
        """Make the demo catalogue and print its accounts; safe to repeat, quick the second time."""
        from app.demo.seed import seed_demo  # noqa: PLC0415 - drawing loads Pillow, which web and worker never need

        platform: Platform = current_app.extensions["platform"]
        platform.storage.ensure()
        tools = media_pipeline.find_tools(platform.settings.media.ffmpeg_bin or None)
        accounts = seed_demo(platform, tools.ffmpeg, lambda text: click.echo(text, err=True))
        click.echo("  演示账号（看课不用登录）：")
        for account in accounts:
            click.echo(f"    {account.login:<10} {account.password}   {account.who}")

    return [group]
