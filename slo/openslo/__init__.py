"""OpenSLO v1 documents (https://github.com/OpenSLO/OpenSLO): what one may hold, and the objectives that a folder describes."""
