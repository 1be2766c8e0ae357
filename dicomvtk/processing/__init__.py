"""Volumes made, filtered and turned into surfaces."""
