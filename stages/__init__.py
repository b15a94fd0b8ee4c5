"""The stages of the graph. What is imported first says which kernels all of them run."""

from pipeline.steps.kernels import fix_kernels

fix_kernels()
