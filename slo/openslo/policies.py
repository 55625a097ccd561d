"""From the alert policies of an SLO to tiers; what a policy asks for and we cannot do is refused."""

import re
from collections.abc import Iterator
from typing import TypeVar

from catalog.errors import ConfigError
from catalog.yamlfile import Document, Place
from slo.openslo.folder import Folder
from slo.openslo.reading import path
from slo.openslo.shapes import (
    Any,
    Condition,
    ConditionSpec,
    InlineCondition,
    InlinePolicy,
    Policy,
    PolicySpec,
    SloSpec,
    Target,
)
from slo.tier import SECONDS, SHORT, Tier

K = TypeVar("K", bound=Any)
_LASTING = re.compile(r"(\d+[smhd])?")


def tiers(folder: Folder, document: Document, spec: SloSpec) -> tuple[Tier, ...]:
    """A tier per condition of the policies of the SLO in *document*; none if it has no policy.

    Raises:
        ConfigError: a reference dangles, or a condition cannot be kept.
    """
    reader = _Reader(folder)
    found = tuple(
        tier
        for number, policy in enumerate(spec.alert_policies)
        for tier in reader.policy(document, ("spec", "alertPolicies", number), policy)
    )
    names = [tier.name for tier in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _wrong(document, f"two conditions are called {twice!r}", "spec", "alertPolicies")
    return found


class _Reader:
    """Follows references from policies to conditions and targets."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def policy(
        self, document: Document, place: Place, written: InlinePolicy | str
    ) -> Iterator[Tier]:
        reference = written if isinstance(written, str) else written.alert_policy_ref
        if reference:
            document, found = self._refer(document, Policy, "AlertPolicy", reference, place)
            yield from self._conditions(document, ("spec",), found.spec)
        elif isinstance(written, InlinePolicy) and written.spec is not None:
            yield from self._conditions(document, (*place, "spec"), written.spec)
        else:
            raise _wrong(document, "give either alertPolicyRef or spec", *place)

    def _conditions(self, document: Document, place: Place, spec: PolicySpec) -> Iterator[Tier]:
        for wish, instead in (
            (spec.alert_when_no_data, "alertWhenNoData: say gpuvitals.dev/no-data-alert: page or ticket in the SLO instead"),
            (spec.alert_when_resolved, "alertWhenResolved: set send_resolved in Alertmanager's receiver instead"),
            (not spec.alert_when_breaching, "alertWhenBreaching: false would leave nothing to alert for"),
        ):  # fmt: skip
            if wish:
                raise _wrong(document, instead, *place)
        for number, target in enumerate(spec.notification_targets):
            if target.target_ref:
                where = (*place, "notificationTargets", number)
                kind = "AlertNotificationTarget"
                self._refer(document, Target, kind, target.target_ref, where)
        for number, condition in enumerate(spec.conditions):
            yield self._condition(document, (*place, "conditions", number), condition)

    def _condition(self, document: Document, place: Place, written: InlineCondition) -> Tier:
        if written.condition_ref:
            kind = "AlertCondition"
            document, found = self._refer(document, Condition, kind, written.condition_ref, place)
            return _tier(document, ("spec",), found.metadata.name, found.spec)
        if written.spec is None or written.metadata is None:
            raise _wrong(document, "give conditionRef, or metadata and spec", *place)
        return _tier(document, (*place, "spec"), written.metadata.name, written.spec)

    def _refer(
        self, document: Document, shape: type[K], kind: str, name: str, place: Place
    ) -> tuple[Document, K]:
        entry = self._folder.find(kind, name)
        if entry is None:
            known = ", ".join(self._folder.names(kind)) or "none"
            text = f"there is no {kind} called {name!r}; known: {known}"
            raise _wrong(document, text, *place)
        assert isinstance(entry.shape, shape)  # noqa: S101 - the folder sorts by kind
        return entry.document, entry.shape


def _tier(document: Document, place: Place, name: str, spec: ConditionSpec) -> Tier:
    terms = spec.condition
    inner = (*place, "condition")
    if terms.op not in ("gte", "gt"):
        text = f"a burn rate that is too low is no reason to alert; expected gte, got {terms.op}"
        raise _wrong(document, text, *inner, "op")
    if terms.threshold <= 0:
        text = f"expected a burn rate above 0, got {terms.threshold:g}"
        raise _wrong(document, text, *inner, "threshold")
    if terms.lookback_window not in SECONDS:
        text = f"expected one of {', '.join(SECONDS)}, got {terms.lookback_window!r}"
        raise _wrong(document, text, *inner, "lookbackWindow")
    if not _LASTING.fullmatch(terms.alert_after):
        text = f"expected a time such as 5m, got {terms.alert_after!r}"
        raise _wrong(document, text, *inner, "alertAfter")
    return Tier(
        name=re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"),
        severity=spec.severity,
        long=terms.lookback_window,
        short=SHORT[terms.lookback_window],
        factor=terms.threshold,
        lasting=terms.alert_after,
    )


def _wrong(document: Document, message: str, *place: str | int) -> ConfigError:
    return document.error(f"{path(place)}: {message}", *place)
