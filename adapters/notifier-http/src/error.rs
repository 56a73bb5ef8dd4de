/// Why a sink cannot be used as it is configured; never shows its address or a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The address is no URL with a host.
    #[error("the address of a webhook is an absolute URL, such as `https://hooks.slack.com/…`")]
    NotAUrl,
    /// The address would be sent in the clear.
    #[error("the address of a webhook is a secret: use `https`, not `{scheme}`")]
    Insecure {
        /// What was given instead of `https`.
        scheme: String,
    },
    /// Events would be sent without a signature.
    #[error(
        "there is no secret to sign with; give one at least, `whsec_` and 24 to 64 random bytes in base64"
    )]
    NoSecret,
    /// A secret is none of Standard Webhooks.
    #[error("secret {position} of {count} cannot be signed with: {problem}")]
    BadSecret {
        /// Which one, from 1.
        position: usize,
        /// How many there are.
        count: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The name of the instance would not fit into the id of a message.
    #[error("`{instance}` cannot name an instance: use 1 to 64 letters, digits, `-` and `_`")]
    BadInstance {
        /// What was given.
        instance: String,
    },
    /// No HTTP client can be made on this machine.
    #[error("an HTTP client cannot be made: {problem}")]
    NoClient {
        /// What is missing.
        problem: String,
    },
}
