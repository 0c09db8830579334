"""Intervals and resampling: arrays in, numbers out."""
