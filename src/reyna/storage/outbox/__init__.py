"""The outbox: committed messages are carried to the bus, and sent again when the stream loses them."""
