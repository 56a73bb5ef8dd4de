//! The Notifier port over chat webhooks.
