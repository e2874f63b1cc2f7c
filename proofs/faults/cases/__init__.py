"""The cases, one module per kind; importing this package writes all of them into the book."""

from proofs.faults.cases import data, files, infrastructure, network, security, turn

__all__ = ["data", "files", "infrastructure", "network", "security", "turn"]
