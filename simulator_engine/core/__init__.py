"""The pure core: no clock, randomness, thread, socket, log or framework. Integers only."""
