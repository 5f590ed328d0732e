"""The processor service: the orchestration layer."""
