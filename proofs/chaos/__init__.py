"""The kill harness: SIGKILL inside a write, the same command again, and the marts must be those of a quiet night."""
