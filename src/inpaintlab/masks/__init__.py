"""Mask makers: where the holes are."""
