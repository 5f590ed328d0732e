"""`python -m reyna` is `reyna`."""

from reyna.cli.app import app

app()
