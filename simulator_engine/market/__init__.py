"""The other participants of a session's exchange: seeded, in simulated time only.

Never a wall clock, never libm's functions.
"""
