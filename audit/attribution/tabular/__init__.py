"""Attribution methods for tables, one file each."""
