"""Files as a processor has them: saved and opened over the bus, over HTTPS, or in memory."""
