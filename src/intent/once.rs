use uuid::Builder;

use super::RequestId;

/// What makes two demands one, so that whoever got no answer can ask again without asking twice.
///
/// It is the identity of the request that it leads to. So what is stored of a request tells whether it was made before, and
/// with what content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once(RequestId);

impl Once {
    /// Demands under one `key` are one, whose `content` must be the same; both are hashes.
    pub fn new(key: u64, content: u64) -> Self {
        let bits = u128::from(key) << 64 | u128::from(content);
        let id = Builder::from_custom_bytes(bits.to_be_bytes()).into_uuid();
        Self(RequestId(id))
    }

    /// The request that the demand leads to.
    pub fn request(self) -> RequestId {
        self.0
    }

    /// Whether `request` was made under the same key, whatever its content.
    pub fn has_key_of(self, request: RequestId) -> bool {
        let key = |id: RequestId| id.0.as_u128() >> 64;
        key(self.0) == key(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_is_recognised_whatever_the_content() {
        let (first, again) = (Once::new(7, 1), Once::new(7, 1));
        let (other_content, other_key) = (Once::new(7, 2), Once::new(8, 1));
        assert_eq!(first.request(), again.request());
        assert!(first.has_key_of(other_content.request()));
        assert_ne!(first.request(), other_content.request());
        assert!(!first.has_key_of(other_key.request()));
        assert_eq!(first.request().0.get_version_num(), 8);
    }
}
