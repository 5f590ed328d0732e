"""The sources of research: the user's own library, and services on the network, each in a module of its own."""
