"""The instrument that every model is judged by."""
