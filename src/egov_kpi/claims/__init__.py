"""The arithmetic of published reports: quantitative claims found in Vietnamese text, recomputed and judged.

Rules only, no model: the same text gives the same claims. Nothing here writes to the warehouse except `store`.
"""
