"""Judges what was measured against policy packs: packs, verdicts, conclusion."""
