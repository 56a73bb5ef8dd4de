use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a workload is inside its orchestrator: named parts, in the order of their names.
///
/// A sorted slice, since a map of one part weighs ten times as much, and there is one for every workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address(Box<[(Box<str>, Box<str>)]>);

impl Address {
    /// The part of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The names and values of the parts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl From<BTreeMap<String, String>> for Address {
    fn from(parts: BTreeMap<String, String>) -> Self {
        let parts = parts.into_iter();
        Self(
            parts
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Address {
    fn from(parts: [(&str, &str); N]) -> Self {
        Self::from(&parts[..])
    }
}

impl From<&[(&str, &str)]> for Address {
    fn from(parts: &[(&str, &str)]) -> Self {
        let parts = parts.iter();
        let owned: BTreeMap<String, String> = parts
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        owned.into()
    }
}

/// `group=web,job=shop`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, String>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_in_which_parts_are_given_does_not_matter() {
        let address = Address::from([("job", "shop"), ("group", "web")]);
        assert_eq!(address, Address::from([("group", "web"), ("job", "shop")]));
        assert_eq!(address.to_string(), "group=web,job=shop");
        assert_eq!(address.get("job"), Some("shop"));
        assert_eq!(address.get("task"), None);
        assert_eq!(Address::default().to_string(), "");
    }

    #[test]
    fn a_part_that_is_given_twice_has_the_value_of_the_last() {
        let address = Address::from([("job", "shop"), ("job", "web")]);
        assert_eq!(address, Address::from([("job", "web")]));
    }

    #[test]
    fn an_address_is_stored_as_a_map() {
        let address = Address::from([("job", "shop"), ("group", "web")]);
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, r#"{"group":"web","job":"shop"}"#);
        assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
    }
}
