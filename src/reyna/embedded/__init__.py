"""The embedded servers: PostgreSQL, nats-server and llama.cpp as supervised child processes."""
