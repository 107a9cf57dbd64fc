"""Operators that two papers share."""
