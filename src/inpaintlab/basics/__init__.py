"""What everything stands on: errors, whole files, locks, configuration, provenance."""
