"""The OpenAPI document: its completion with names, descriptions and examples, and the page that shows it."""
