"""What can be decided about a blocked load; the command line has the same words."""

from datetime import timedelta

REJECT = "reject"
WAIT = "wait"
PROPOSE_WAIVER = "propose-waiver"
CHOICES = (REJECT, WAIT, PROPOSE_WAIVER)
# How long a question's run may live on once nobody answered in time: afterwards it asks nobody any more.
GRACE = timedelta(days=1)
