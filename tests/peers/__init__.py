"""Servers of others, each a program of its own: they echo, and print what they got as JSON."""
