"""The compiled kernels, as they are shipped."""

from importlib.resources import files


def ptx(name: str) -> bytes:
    """The PTX of one kernel file, ended as CUDA wants it."""
    return (files(__name__) / f"{name}.ptx").read_bytes() + b"\0"
