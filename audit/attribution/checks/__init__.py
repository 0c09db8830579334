"""The audit of the attributions: one file a check, each ending in `CHECK = AttributionCheck(...)`."""
