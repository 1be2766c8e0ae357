"""The command line: ``dicomvtk`` and ``python -m dicomvtk``, one module a sub-command."""

from dicomvtk.cli.app import main

__all__ = ["main"]
