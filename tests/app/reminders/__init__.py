"""A fifth service, as `docs/how-to/add-a-service.md` shows it."""
