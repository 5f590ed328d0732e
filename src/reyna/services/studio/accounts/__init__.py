"""Accounts: sign-up, invitations, profile and default processors."""
