//! The REST interface and its OpenAPI document.
