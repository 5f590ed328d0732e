"""HTTP/1.1 and WebSocket connections within limits, as uvicorn protocols."""
