//! Small things that stand in several pages.

mod image;
mod sparkline;
mod status;
mod timeline;

pub(crate) use image::ImageChip;
pub(crate) use sparkline::{MOST as MOST_OF_SPARKLINE, Sparkline};
pub(crate) use status::{Badge, Look, word_of};
pub(crate) use timeline::{Timeline, took};
