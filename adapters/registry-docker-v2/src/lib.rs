//! The Registry port over the Docker Registry v2 / OCI distribution API.
