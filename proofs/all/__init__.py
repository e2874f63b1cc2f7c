"""All proofs, with one table at the end: `make proof`."""
