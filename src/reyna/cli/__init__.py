"""The command line: reyna <noun> <verb>."""
