"""The services over HTTPS: a worker that needs an address and a token, and neither NATS nor a secret."""
