"""Mutation testing of the gates: known defects planted into clean exports, counted as the gates catch them."""
