"""What can be traded: the engine's own catalogue of scenarios, shown over REST and in the admin."""
