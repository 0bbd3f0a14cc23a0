"""Builds large real corpora out of Debian's documentation packages."""
