"""Odd, damaged and hostile inputs: small folders with a known volume, and what reading each must come to."""
