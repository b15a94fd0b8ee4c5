"""Where photographs and their masks come from."""
