"""Administrative units of Viet Nam through time: the reference in three epochs, and which unit succeeded which."""
