"""What each collector says of a GPU that can tell everything, and of one that can tell nothing."""

import pytest

from probes.collectors import COLLECTORS, Collector
from probes.nvml_gpu import NvmlGpu
from tests.probes.devices import SYSTEM, FakeDevice, FakeDriver, rich

SAID = {
    "utilization": r"""
gpu_utilization_ratio 0.57
gpu_memory_controller_utilization_ratio 0.29
gpu_encoder_utilization_ratio 0
gpu_decoder_utilization_ratio 0.07
gpu_jpeg_utilization_ratio 0
gpu_ofa_utilization_ratio 1
""",
    "memory": r"""
gpu_memory_total_bytes 150754820096
gpu_memory_used_bytes 1073741824
gpu_memory_reserved_bytes 629145600
gpu_memory_free_bytes 149051932672
""",
    "power": r"""
gpu_power_watts 612.345
gpu_power_average_watts 600
""",
    "clocks": r"""
gpu_clock_hertz{clock=graphics} 1755000000
gpu_clock_hertz{clock=sm} 1740000000
gpu_clock_hertz{clock=memory} 3201000000
gpu_clock_hertz{clock=video} 1545000000
gpu_performance_state 0
gpu_clock_event_active{reason=gpu_idle} 1
gpu_clock_event_active{reason=applications_clocks_setting} 0
gpu_clock_event_active{reason=sw_power_cap} 1
gpu_clock_event_active{reason=hw_slowdown} 0
gpu_clock_event_active{reason=sync_boost} 0
gpu_clock_event_active{reason=sw_thermal_slowdown} 0
gpu_clock_event_active{reason=hw_thermal_slowdown} 0
gpu_clock_event_active{reason=hw_power_brake_slowdown} 0
gpu_clock_event_active{reason=display_clock_setting} 0
""",
    "processes": r"""
gpu_processes{type=compute} 2
gpu_processes{type=graphics} 0
""",
    "mps": "gpu_processes{type=mps} 0",
    "process_memory": r"""
gpu_process_memory_bytes{pid=4712} 1073741824
gpu_process_memory_bytes{pid=4711} 536870912
""",
    "temperature": r"""
gpu_temperature_celsius{sensor=gpu} 61
gpu_temperature_celsius{sensor=memory} 70
gpu_temperature_margin_celsius 26
gpu_fan_speed_ratio{fan=0} 0.29
""",
    "energy": r"""
gpu_energy_joules_total 1234567.891
""",
    "clock_events": r"""
gpu_clock_event_seconds_total{reason=sw_power_cap} 5.25
gpu_clock_event_seconds_total{reason=sync_boost} 0
""",
    "nvlink": r"""
gpu_nvlink_links{state=active} 1
gpu_nvlink_links{state=inactive} 1
gpu_nvlink_receive_bytes_total 2048000
gpu_nvlink_transmit_bytes_total 1024000
gpu_nvlink_errors_total{kind=crc} 1
gpu_nvlink_errors_total{kind=replay} 4
gpu_nvlink_errors_total{kind=recovery} 0
""",
    "nvlink_per_link": r"""
gpu_nvlink_link_active{link=0} 1
gpu_nvlink_link_receive_bytes_total{link=0} 1024000
gpu_nvlink_link_transmit_bytes_total{link=0} 512000
gpu_nvlink_link_errors_total{link=0,kind=crc} 0
gpu_nvlink_link_errors_total{link=0,kind=replay} 2
gpu_nvlink_link_errors_total{link=0,kind=recovery} 0
gpu_nvlink_link_active{link=1} 0
gpu_nvlink_link_receive_bytes_total{link=1} 1024000
gpu_nvlink_link_transmit_bytes_total{link=1} 512000
gpu_nvlink_link_errors_total{link=1,kind=crc} 1
gpu_nvlink_link_errors_total{link=1,kind=replay} 2
gpu_nvlink_link_errors_total{link=1,kind=recovery} 0
""",
    "profiling": r"""
gpu_sm_active_ratio 0.935
gpu_sm_occupancy_ratio 0.44
gpu_tensor_active_ratio 0.91
gpu_dram_active_ratio 0.16
gpu_fp64_active_ratio 0
gpu_fp32_active_ratio 0.07
gpu_fp16_active_ratio 0.125
gpu_pcie_receive_bytes_per_second 1073741824
gpu_pcie_transmit_bytes_per_second 1572864
""",
    "ecc": r"""
gpu_ecc_enabled 1
gpu_ecc_pending_enabled 1
gpu_ecc_errors_total{type=corrected,location=dram} 2
gpu_ecc_errors_total{type=corrected,location=sram} 7
gpu_ecc_errors_total{type=uncorrected,location=dram} 102
gpu_ecc_errors_total{type=uncorrected,location=sram} 107
gpu_ecc_lifetime_errors_total{type=corrected,location=dram} 12
gpu_ecc_lifetime_errors_total{type=corrected,location=sram} 17
gpu_ecc_lifetime_errors_total{type=uncorrected,location=dram} 112
gpu_ecc_lifetime_errors_total{type=uncorrected,location=sram} 117
gpu_ecc_sram_threshold_exceeded 0
""",
    "repairs": r"""
gpu_remapped_rows{type=corrected} 0
gpu_remapped_rows{type=uncorrected} 1
gpu_row_remap_pending 1
gpu_row_remap_failure 0
gpu_row_remap_banks{availability=max} 5119
gpu_row_remap_banks{availability=high} 1
gpu_row_remap_banks{availability=partial} 0
gpu_row_remap_banks{availability=low} 0
gpu_row_remap_banks{availability=none} 0
gpu_retired_pages{type=corrected} 1
gpu_retired_pages{type=uncorrected} 1
gpu_page_retirement_pending 0
gpu_repair_pending{unit=channel} 0
gpu_repair_pending{unit=tpc} 1
gpu_memory_unrepairable 0
gpu_recovery_action{action=none} 0
gpu_recovery_action{action=gpu_reset} 1
gpu_recovery_action{action=node_reboot} 0
gpu_recovery_action{action=drain_p2p} 0
gpu_recovery_action{action=drain_and_reset} 0
gpu_recovery_action{action=recover_imex_domain} 0
gpu_recovery_action{action=bus_reset} 0
gpu_recovery_action{action=system_reboot} 0
""",
    "pcie": r"""
gpu_pcie_link_generation 5
gpu_pcie_link_max_generation 5
gpu_pcie_link_width 16
gpu_pcie_link_max_width 16
gpu_pcie_replays_total 2
gpu_pcie_correctable_errors_total 4
gpu_pcie_non_fatal_errors_total 0
gpu_pcie_fatal_errors_total 0
gpu_pcie_bad_tlp_total 1
""",
    "power_limits": r"""
gpu_power_limit_watts{limit=enforced} 700
gpu_power_limit_watts{limit=default} 700
gpu_power_limit_watts{limit=min} 200
gpu_power_limit_watts{limit=max} 700
""",
    "bar1": r"""
gpu_bar1_total_bytes 274877906944
gpu_bar1_used_bytes 1048576
""",
    "modes": r"""
gpu_compute_mode{mode=default} 1
gpu_compute_mode{mode=exclusive_thread} 0
gpu_compute_mode{mode=prohibited} 0
gpu_compute_mode{mode=exclusive_process} 0
gpu_persistence_mode 1
gpu_confidential_compute_mode 0
gpu_fabric_state{state=not_supported} 0
gpu_fabric_state{state=not_started} 0
gpu_fabric_state{state=in_progress} 0
gpu_fabric_state{state=completed} 1
""",
    "mig": r"""
gpu_mig_mode 1
gpu_mig_pending_mode 1
gpu_mig_instance_info{gpu_instance_id=7,compute_instance_id=0,profile=1g.18gb,mig_uuid=MIG-00000000-1111-2222-3333-444444444444} 1
gpu_mig_memory_total_bytes{gpu_instance_id=7,compute_instance_id=0,profile=1g.18gb} 19327352832
gpu_mig_memory_used_bytes{gpu_instance_id=7,compute_instance_id=0,profile=1g.18gb} 1073741824
gpu_mig_multiprocessors{gpu_instance_id=7,compute_instance_id=0,profile=1g.18gb} 16
""",
    "identity": r"""
gpu_info{model=NVIDIA H200,architecture=Hopper,compute_capability=9.0,pci_bus_id=00000000:03:00.0,serial=1650000000001,board_part_number=692-"2G520"\A,vbios=96.00.BC.00.01,driver=580.159.04,cuda_driver=13.0,minor=0,node=node-7} 1
""",
    "max_clocks": r"""
gpu_clock_max_hertz{clock=graphics} 1980000000
gpu_clock_max_hertz{clock=sm} 1965000000
gpu_clock_max_hertz{clock=memory} 3202000000
gpu_clock_max_hertz{clock=video} 1560000000
""",
    "thresholds": r"""
gpu_temperature_threshold_celsius{threshold=shutdown} 92
gpu_temperature_threshold_celsius{threshold=slowdown} 87
gpu_temperature_threshold_celsius{threshold=memory_max} 95
gpu_temperature_threshold_celsius{threshold=gpu_max} 88
""",
}


def told(collector: Collector, driver: FakeDriver, device: FakeDevice) -> list[str]:
    """The samples of one collector, a line each, in their order."""
    lines = []
    for sample in collector.read(NvmlGpu(driver, device, "node-7")):
        pairs = zip(sample.metric.labels, sample.labels, strict=True)
        labels = ",".join(f"{name}={value}" for name, value in pairs)
        series = f"{sample.metric.name}{{{labels}}}" if labels else sample.metric.name
        lines.append(f"{series} {sample.value:.15g}")
    return lines


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector.name)
def test_a_rich_gpu(collector: Collector) -> None:
    """Every series of the collector, with its labels and its value in base units."""
    assert (
        told(collector, FakeDriver(system=SYSTEM), rich())
        == SAID[collector.name].strip().splitlines()
    )


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector.name)
def test_a_gpu_that_cannot_tell(collector: Collector) -> None:
    """A GPU that supports no question has no series but its identity; none of them is 0."""
    lines = told(collector, FakeDriver(), FakeDevice())

    assert lines == [] or collector.name == "identity"


def test_collectors_have_names_of_their_own() -> None:
    """Each can be switched alone."""
    names = [collector.name for collector in COLLECTORS]

    assert len(set(names)) == len(names)


def test_a_process_with_two_contexts_has_one_sum() -> None:
    """A driver lists a process once per MIG instance that it uses: two series of one name would be refused."""
    device = rich()
    device.answers["nvmlDeviceGetComputeRunningProcesses_v3"] = [
        {"pid": 1, "usedGpuMemory": 10},
        {"pid": 2, "usedGpuMemory": 25},
        {"pid": 1, "usedGpuMemory": 20},
        {"pid": 2, "usedGpuMemory": None},
        {"pid": 3, "usedGpuMemory": None},
    ]
    (collector,) = (each for each in COLLECTORS if each.name == "process_memory")

    assert told(collector, FakeDriver(), device) == [
        "gpu_process_memory_bytes{pid=1} 30",
        "gpu_process_memory_bytes{pid=2} 25",
    ]
