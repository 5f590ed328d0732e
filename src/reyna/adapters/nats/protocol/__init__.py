"""The protocol of NATS as it is read from the socket."""
