"""DeepGEMM's names: settings, other signatures, helpers of tests, and the modules that `import deep_gemm` finds."""
