"""The error types that programs end with: what a user can cause, and a lost process."""

from __future__ import annotations


class UserError(Exception):
    """Something in the config, the data or the command line is wrong.

    The message is one to three readable lines: where, which field, the rule, the value, the likely
    fix. The command-line programs print it without a traceback and exit with status 2; any other
    exception that reaches a user is a defect of this package.
    """


class LostPeer(Exception):
    """Another process of the cluster is gone; what is started again goes on from the checkpoint.

    The command-line programs print the message and exit with status 75.
    """
