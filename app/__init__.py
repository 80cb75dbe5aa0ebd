"""The product: one folder per capability; who may import whom is in docs/architecture.md and checked by import-linter."""
