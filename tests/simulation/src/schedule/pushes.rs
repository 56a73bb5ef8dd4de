use std::collections::BTreeMap;

use super::Play;
use crate::setting::REPOSITORIES;

/// What was released so far, by repository.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    /// The last major and minor version, and how many patches and candidates there were.
    versions: BTreeMap<&'static str, Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    major: u32,
    minor: u32,
    patches: u32,
}

impl Play {
    /// Somebody changes a repository.
    pub(super) fn push(&mut self) {
        let chance = self.town.chance.clone();
        let name = REPOSITORIES[chance.below(REPOSITORIES.len())];
        if name == "edge" {
            return match chance.below(8) {
                0 => self.town.delete(name, "latest"),
                1 => self.town.sign(name, "latest"),
                more => self.town.push(name, "latest", more == 2),
            };
        }
        let tags = self.town.tags(name);
        let some = chance.pick(&tags).map(ToString::to_string);
        match (chance.below(20), some) {
            (0..3, Some(tag)) => self.town.push(name, &tag, chance.one_in(4)),
            (3..5, Some(tag)) => self.town.sign(name, &tag),
            (5..8, Some(tag)) => self.town.delete(name, &tag),
            (8, _) => self.town.push(name, "nightly", false),
            (9, _) => {
                let signature = format!("sha256-{:064x}.sig", chance.below(1000));
                self.town.push(name, &signature, false);
            }
            (number, _) => {
                let version = self.next_version(name, number);
                let is_bad = chance.one_in(4);
                self.town.push(name, &version, is_bad);
            }
        }
    }

    fn next_version(&mut self, name: &'static str, number: usize) -> String {
        let first = Last {
            major: 1,
            minor: 0,
            patches: 0,
        };
        let last = self.pushes.versions.entry(name).or_insert(first);
        match number {
            10 | 11 => {
                last.patches += 1;
                format!("v{}.{}.0-rc.{}", last.major, last.minor + 1, last.patches)
            }
            // A fix of an old release.
            12 => {
                last.patches += 1;
                format!("v1.0.{}", last.patches)
            }
            13 => {
                last.major += 1;
                last.minor = 0;
                format!("v{}.0.0", last.major)
            }
            14 => {
                last.patches += 1;
                format!("v{}.{}.{}", last.major, last.minor, last.patches)
            }
            _ => {
                last.minor += 1;
                format!("v{}.{}.0", last.major, last.minor)
            }
        }
    }
}
