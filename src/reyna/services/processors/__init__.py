"""The processor service: registered processors, instances of users, and their runs."""
