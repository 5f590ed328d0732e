"""The sandbox for comparing schemas: child processes with limits on time and memory."""
