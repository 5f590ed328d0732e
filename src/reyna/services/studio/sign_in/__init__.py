"""Signing in: sessions, cookies, known devices and limits on failed attempts."""
