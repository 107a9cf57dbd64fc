"""Holes of real pictures, filled."""
