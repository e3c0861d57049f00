"""Names of DeepGEMM that are no kernels: settings, and the calls it hands to cuBLASLt."""
