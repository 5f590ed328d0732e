"""How fast the studio is, beside the floor that the engines under it set on the same machine in the same run."""
