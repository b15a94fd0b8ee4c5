"""All that an hour on an accelerator is for."""
