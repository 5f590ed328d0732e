"""Transport: calls between services over the bus, and HTTP for every service."""
