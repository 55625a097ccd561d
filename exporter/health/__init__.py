"""The state of each GPU: what is wrong with it, since when, and how long it was available. Pure but for `watch`, which joins it."""
