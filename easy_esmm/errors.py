"""The one error type for everything a user can cause."""

from __future__ import annotations


class UserError(Exception):
    """Something in the config, the data or the command line is wrong.

    The message is one to three readable lines: where, which field, the rule, the value, the likely
    fix. The command-line programs print it without a traceback and exit with status 2; any other
    exception that reaches a user is a defect of this package.
    """
