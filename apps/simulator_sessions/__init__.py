"""Where a trader's exchange runs: lifecycle, reconciler, launchers, leases and the gateway to the simulator."""
