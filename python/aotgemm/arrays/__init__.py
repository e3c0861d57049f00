"""Tensors of any framework, and memory on a device without one."""
