"""The product: one folder per capability. Who may import whom: docs/architecture.md, checked by import-linter."""
