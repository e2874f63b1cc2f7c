"""From a published figure back to the lines of the files it was made of, from such a line on to the figures in which it
counts, and from one publish to the next. Reads as the auditor, who never sees a pseudonym; writes one event per trace.
"""
