"""All targets; between them they get a thousand of each thousand inputs."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    config,
    faults,
    http_query,
    http_request,
    kernel_log,
    kmsg,
    messages,
    nvrm,
    recording,
    scenario,
    web_config,
)

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        module.TARGET.name: module.TARGET
        for module in (
            config,
            faults,
            http_query,
            http_request,
            kernel_log,
            kmsg,
            messages,
            nvrm,
            recording,
            scenario,
            web_config,
        )
    }
)
