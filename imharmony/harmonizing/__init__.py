"""One photograph harmonized, for whoever has one: by the model in the package, one of your own, or a classical method."""
