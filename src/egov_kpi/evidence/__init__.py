"""Evidence for those who may not take our word: anchors outside the database, packs, and their verifier."""
