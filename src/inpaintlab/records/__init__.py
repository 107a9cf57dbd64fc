"""What rooms hand on to each other."""
