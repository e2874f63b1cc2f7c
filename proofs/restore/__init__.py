"""A killed database, a backup of it, and a warehouse made of that backup."""
