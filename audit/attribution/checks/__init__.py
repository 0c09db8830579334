"""Audits of the attributions themselves, one file each."""
