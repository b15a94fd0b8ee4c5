"""The commands of ``harmonize`` for photographs. Each module has ``run``: arguments to what is to be printed, and the exit code."""
