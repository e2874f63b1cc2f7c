"""Marts depend on what was delivered and still counts, and on nothing else: properties over random histories."""
