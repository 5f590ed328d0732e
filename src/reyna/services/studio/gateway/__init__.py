"""The WebSocket gateway: protocol, frames, and fan-out of events."""
