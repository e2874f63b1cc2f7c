"""Refused rows and what becomes of them: states, replay, waivers, decisions, and the custodian's workbook."""
