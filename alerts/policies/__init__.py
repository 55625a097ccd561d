"""All alert policies: one module per subject."""

from alerts.policies import alerting, presence, xids
from alerts.policy import Policy

SUBJECTS = (presence, xids, alerting)
ALL: tuple[Policy, ...] = tuple(policy for subject in SUBJECTS for policy in subject.POLICIES)
BY_NAME = {policy.name: policy for policy in ALL}
