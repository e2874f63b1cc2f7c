"""All proofs, one after another, with one table at the end: `make proof`."""
