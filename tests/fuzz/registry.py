"""All targets; between them they get a thousand of each thousand inputs."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    cgroup,
    config,
    faults,
    http_query,
    http_request,
    kernel_log,
    kmsg,
    messages,
    nvrm,
    pod_resources,
    recording,
    scenario,
    web_config,
)

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        module.TARGET.name: module.TARGET
        for module in (
            cgroup,
            config,
            faults,
            http_query,
            http_request,
            kernel_log,
            kmsg,
            messages,
            nvrm,
            pod_resources,
            recording,
            scenario,
            web_config,
        )
    }
)
