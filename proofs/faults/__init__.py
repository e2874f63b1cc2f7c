"""Faults injected for real, one by one, and what the warehouse shows afterwards: `python -m proofs.faults`."""
