"""The studio: accounts, sign-in, and the gateway of every device to events and services."""
