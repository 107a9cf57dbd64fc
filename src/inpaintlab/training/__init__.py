"""One training, in as many processes as there are devices."""
