"""All alert policies: one module per subject."""

from alerts.policies import (
    alerting,
    links,
    memory,
    performance,
    presence,
    probing,
    repairs,
    usage,
    watching,
    xids,
)
from alerts.policy import Policy

SUBJECTS = (
    presence,
    xids,
    repairs,
    memory,
    performance,
    links,
    probing,
    usage,
    watching,
    alerting,
)
ALL: tuple[Policy, ...] = tuple(policy for subject in SUBJECTS for policy in subject.POLICIES)
BY_NAME = {policy.name: policy for policy in ALL}
