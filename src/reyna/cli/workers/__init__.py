"""Workers from the command line: over HTTPS, and started anew while their processor is written."""
