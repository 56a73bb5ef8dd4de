use semver::{BuildMetadata, Prerelease, Version};

/// Reads a tag as a version: `major.minor.patch`, perhaps `-prerelease`, perhaps `_build`.
///
/// More lenient than Semantic Versioning 2.0 where tags are: a leading `v` and leading zeros are accepted, and since `+`
/// cannot stand in a tag, `_` introduces build metadata. Fewer or more than three numbers are no version: `1.4` is
/// customarily a moving alias, not the release 1.4.0.
pub fn parse_version(text: &str) -> Option<Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if let Some((major, minor, patch)) = plain(text) {
        return Some(Version::new(major, minor, patch));
    }
    let (text, build) = match text.split_once('_') {
        Some((text, build)) => (text, BuildMetadata::new(&build.replace('_', "-")).ok()?),
        None => (text, BuildMetadata::EMPTY),
    };
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) => (numbers, prerelease(pre)?),
        None => (text, Prerelease::EMPTY),
    };
    let mut numbers = numbers.split('.').map(number);
    let (major, minor, patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(Version {
        major,
        minor,
        patch,
        pre,
        build,
    })
}

/// Three numbers and nothing else, as most tags are, in one pass.
fn plain(text: &str) -> Option<(u64, u64, u64)> {
    let (mut numbers, mut at, mut digits) = ([0_u64; 3], 0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                let digit = u64::from(byte - b'0');
                numbers[at] = numbers[at].checked_mul(10)?.checked_add(digit)?;
                digits += 1;
            }
            b'.' if digits > 0 && at < 2 => (at, digits) = (at + 1, 0),
            _ => return None,
        }
    }
    (at == 2 && digits > 0).then_some(numbers.into())
}

fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Drops leading zeros of numeric identifiers, which Semantic Versioning forbids.
fn prerelease(text: &str) -> Option<Prerelease> {
    if let Ok(strict) = Prerelease::new(text) {
        return (!strict.is_empty()).then_some(strict);
    }
    let lenient: Vec<String> = text
        .split('.')
        .map(|identifier| {
            number(identifier).map_or_else(|| identifier.to_owned(), |n| n.to_string())
        })
        .collect();
    Prerelease::new(&lenient.join(".")).ok()
}
