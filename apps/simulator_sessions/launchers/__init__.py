"""Starting, stopping and looking at the processes that run simulators; the back end is named in settings."""
