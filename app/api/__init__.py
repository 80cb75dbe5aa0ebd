"""The JSON counter: public reads for programs, mounted at /api/v1. Owns no tables."""
