"""The command `reyna` of the SDK: runs processors over HTTPS, and writes the first lines of new ones."""
