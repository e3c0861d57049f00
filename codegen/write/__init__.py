"""Writes what the build and the wheel hold: sources, tables, manifest, bill of materials."""
