"""Limits that both a GPU's state and alerts go by, or that somebody else set; each with its source."""

from collections.abc import Mapping
from types import MappingProxyType

LOADED = 0.5
"""Utilisation from which a clock must not be low."""
STUCK = 0.5
"""Share of the highest SM clock below which it is, if nothing holds it down."""

# NVIDIA/DCGM modules/health/DcgmHealthWatch.cpp (Apache-2.0), version 4.
RETIRED_PAGES = 63
"""Pages retired in all, from which a GPU has failed."""
NVLINK_CRC_PER_SECOND = 100
"""CRC errors above which NVLink has failed; a replay or a recovery is one too many."""
PCIE_REPLAYS_PER_MINUTE_AND_LANE: Mapping[int, float] = MappingProxyType(
    {1: 0.15, 2: 0.3, 3: 0.48, 4: 0.96, 5: 1.92, 6: 3.84}
)
"""By generation of the link: what the bit error rate that PCIe allows brings."""

# Azure/azurehpc-health-checks, customTests/azure_gpu_ecc.nhc and its configuration.
CORRECTED_ERRORS: Mapping[str, int] = MappingProxyType({"sram": 10_000, "dram": 20_000_000})
"""Corrected ECC errors, by location, with which a node is taken out of service."""

CLASS_A_VERDICT_SECONDS = 3600
"""Age from which the verdict of a probe that runs beside tenants is too old."""
CLASS_B_VERDICT_SECONDS = 86_400
"""The same of a probe that needs an idle GPU, if the GPU was idle for ELIGIBLE_SECONDS of them."""
ELIGIBLE_SECONDS = 600
