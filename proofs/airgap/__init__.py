"""The whole night where there is no network but loopback."""
