"""The group ``flask cookies``; Flask finds it by the entry point ``flask.commands``."""

from __future__ import annotations

from flask.cli import AppGroup

from .audit import app_audit_command
from .check import check_command
from .init import init_command, schema_command
from .report import link_command, report_command
from .sessions import sessions_group
from .show import export_command, show_command
from .trail import trail_group
from .trail_export import export_command as trail_export_command
from .versions import diff_command, publish_command

cookies = AppGroup("cookies", help="Show, check and set up the cookies that this site declares.")

trail_group.add_command(trail_export_command)
for _command in (
    show_command,
    export_command,
    check_command,
    init_command,
    schema_command,
    app_audit_command,
    sessions_group,
    trail_group,
    publish_command,
    diff_command,
    report_command,
    link_command,
):
    cookies.add_command(_command)
