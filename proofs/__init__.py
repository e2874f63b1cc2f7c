"""Proofs that no fault ends as success with a wrong number. Run as `.venv/bin/python -m proofs.<name>`."""
