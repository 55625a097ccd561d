module gpuvitals/tools/kubelet-api

go 1.26

require k8s.io/kubelet v0.37.2 // indirect
