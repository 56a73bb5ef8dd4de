/// A fault count that never runs out.
pub const ALWAYS: u32 = u32::MAX;

/// Whether a fault strikes now; a count is used up by it, [`ALWAYS`] is not.
pub(crate) fn strikes(count: &mut u32) -> bool {
    match *count {
        0 => false,
        ALWAYS => true,
        _ => {
            *count -= 1;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_strikes_as_often_as_it_says() {
        let mut twice = 2;
        let struck: Vec<bool> = (0..4).map(|_| strikes(&mut twice)).collect();
        assert_eq!(struck, [true, true, false, false]);
    }

    #[test]
    fn always_never_runs_out() {
        let mut always = ALWAYS;
        assert!((0..10).all(|_| strikes(&mut always)));
        assert_eq!(always, ALWAYS);
    }
}
