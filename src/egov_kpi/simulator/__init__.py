"""Simulated source systems: what really happened (`records`), what the systems export of it (`exports`, `server`) and
what the KPIs must therefore be (`truth`). Nothing here reads the warehouse, and the warehouse reads this over HTTP
only.
"""
