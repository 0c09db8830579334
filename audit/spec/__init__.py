"""YAML text to an AuditSpec, with errors that say where, what was expected, what was found and what to do next."""
