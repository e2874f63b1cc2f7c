"""What stands for a cell that held something nobody could read: a formula without a stored result, or an error.

Loading writes it, pseudonymised columns included, and the gate refuses every row that has it; it is never hashed.
"""

UNREAD_CELL = "#FORMULA!"
