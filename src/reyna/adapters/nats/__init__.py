"""The Bus port on NATS with JetStream."""
