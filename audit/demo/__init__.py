"""Models of real data to try the audit on: one file per demo, made in a process of its own."""
