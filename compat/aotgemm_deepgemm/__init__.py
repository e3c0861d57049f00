"""Entry points through which serving engines take aotgemm for DeepGEMM."""
