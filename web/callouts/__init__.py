"""Calls to servers that merchants name: webhooks out. Believes no address until it has looked at it."""
