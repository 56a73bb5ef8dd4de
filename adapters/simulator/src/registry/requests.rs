/// What the registry has been asked so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegistryRequests {
    /// `GET /v2/`.
    pub pings: u64,
    pub tag_lists: u64,
    pub manifest_heads: u64,
    pub manifest_gets: u64,
    pub blobs: u64,
    /// Requests to the token endpoint, refused ones too.
    pub token_requests: u64,
    /// Anything else.
    pub others: u64,
    pub tokens_issued: u64,
    pub connections_open: usize,
    /// The most connections that were open at once.
    pub connections_peak: usize,
}

impl RegistryRequests {
    /// All requests together.
    pub fn total(&self) -> u64 {
        self.pings
            + self.tag_lists
            + self.manifest_heads
            + self.manifest_gets
            + self.blobs
            + self.token_requests
            + self.others
    }
}
