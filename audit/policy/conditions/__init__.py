"""One file per way of deciding."""
