"""The audit log: who did what to accounts, keys and sessions, when and from where, in a chain that shows tampering."""
