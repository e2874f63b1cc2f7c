"""What can be decided about a blocked load; the command line has the same words."""

REJECT = "reject"
WAIT = "wait"
PROPOSE_WAIVER = "propose-waiver"
CHOICES = (REJECT, WAIT, PROPOSE_WAIVER)
