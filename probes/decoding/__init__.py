"""What `probes.nvml_gpu.NvmlGpu` is made of: the meaning of NVML's answers, subject by subject."""
