"""Who uses a GPU: what the kubelet, a batch scheduler and the processes on it say, put together."""
