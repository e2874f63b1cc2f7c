"""What the proofs share: a throw-away cluster, worlds in it, and the table on which a proof tells its outcome."""
