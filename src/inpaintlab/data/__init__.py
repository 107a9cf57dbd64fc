"""Pictures: where they lie, how they are read, and the loaders of batches."""
