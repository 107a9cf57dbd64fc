"""Observers of a run: pictures, results, progress."""
