//! Letters on paper: which typeface has a sign, how wide a text runs, where each glyph stands.

#![expect(clippy::float_arithmetic, reason = "places on paper are no money")]

use std::ops::Range;

use krilla::{
    geom::Point,
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};
use rustybuzz::{Face, UnicodeBuffer};

use crate::documents::table::WriteError;

static PLAIN: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSansCondensed.ttf");
static STRONG: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSansCondensed-Bold.ttf");
static DEVANAGARI: &[u8] = include_bytes!("../../../assets/fonts/Lohit-Devanagari.ttf");

/// A typeface, for shaping and for the document.
struct Typeface {
    face: Face<'static>,
    font: Font,
}

impl Typeface {
    fn open(bytes: &'static [u8]) -> Result<Self, WriteError> {
        let broken = || WriteError::Cannot("a typeface of the program cannot be read".into());
        let face = Face::from_slice(bytes, 0).ok_or_else(broken)?;
        let font = Font::new(bytes.into(), 0).ok_or_else(broken)?;
        Ok(Self { face, font })
    }

    fn has(&self, sign: char) -> bool {
        self.face.glyph_index(sign).is_some()
    }

    /// The glyphs of a run of text, with its width for letters of size 1.
    fn shape(&self, text: &str) -> (Vec<KrillaGlyph>, f32) {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let unit = self.font.units_per_em();
        let part = |units: i32| units_of(units) / unit;
        let starts: Vec<usize> = shaped
            .glyph_infos()
            .iter()
            .map(|info| usize::try_from(info.cluster).unwrap_or(0))
            .collect();
        let mut width = 0.0;
        let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).zip(&starts);
        let glyphs = glyphs.map(|((info, place), start)| {
            let end = starts.iter().filter(|one| *one > start).min();
            let range: Range<usize> = *start..end.copied().unwrap_or(text.len());
            let advance = part(place.x_advance);
            width += advance;
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                advance,
                part(place.x_offset),
                part(place.y_offset),
                part(place.y_advance),
                range,
                None,
            )
        });
        let glyphs = glyphs.collect();
        (glyphs, width)
    }
}

/// Units of a typeface, which are few thousands, as a number that can be divided.
fn units_of(units: i32) -> f32 {
    let small = i16::try_from(units.clamp(-32_768, 32_767)).unwrap_or(0);
    f32::from(small)
}

/// The typefaces at hand.
pub struct Case {
    plain: Typeface,
    strong: Typeface,
    devanagari: Typeface,
}

/// A text ready to be set: runs of one typeface each.
pub struct Set<'c> {
    runs: Vec<(&'c Typeface, String, Vec<KrillaGlyph>, f32)>,
    /// How wide it is for letters of size 1.
    pub width: f32,
}

impl Case {
    /// Opens the typefaces that come with the program.
    ///
    /// # Errors
    /// When one cannot be read, which is a fault of the program.
    pub fn open() -> Result<Self, WriteError> {
        Ok(Self {
            plain: Typeface::open(PLAIN)?,
            strong: Typeface::open(STRONG)?,
            devanagari: Typeface::open(DEVANAGARI)?,
        })
    }

    /// Sets a text. Signs that no typeface has are shown as empty boxes.
    pub fn set(&self, text: &str, strong: bool) -> Set<'_> {
        let latin = if strong { &self.strong } else { &self.plain };
        let mut pieces: Vec<(bool, String)> = Vec::new();
        for sign in text.chars() {
            let sign = if sign.is_control() { ' ' } else { sign };
            let wants = match pieces.last() {
                // Joiners and spaces stay with what is before them.
                Some((is_other, _)) if is_neutral(sign) => *is_other && self.devanagari.has(sign),
                _ => !latin.has(sign) && self.devanagari.has(sign),
            };
            match pieces.last_mut() {
                Some((is_other, piece)) if *is_other == wants => piece.push(sign),
                _ => pieces.push((wants, sign.to_string())),
            }
        }
        let runs = pieces.into_iter().map(|(is_other, piece)| {
            let typeface = if is_other { &self.devanagari } else { latin };
            let (glyphs, width) = typeface.shape(&piece);
            (typeface, piece, glyphs, width)
        });
        let runs: Vec<_> = runs.collect();
        let width = runs.iter().map(|(.., width)| *width).sum();
        Set { runs, width }
    }

    /// Sets as much of a text as fits a width for letters of size 1, with dots where more follows.
    pub fn set_within(&self, text: &str, strong: bool, width: f32) -> Set<'_> {
        let whole = self.set(text, strong);
        if whole.width <= width {
            return whole;
        }
        let (mut fits, mut beyond) = (0_usize, text.chars().count());
        while fits + 1 < beyond {
            let middle = usize::midpoint(fits, beyond);
            if self.set(&shortened(text, middle), strong).width <= width {
                fits = middle;
            } else {
                beyond = middle;
            }
        }
        self.set(&shortened(text, fits), strong)
    }
}

fn shortened(text: &str, signs: usize) -> String {
    let mut kept: String = text.chars().take(signs).collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

fn is_neutral(sign: char) -> bool {
    sign == ' ' || matches!(sign, '\u{200c}' | '\u{200d}')
}

impl Set<'_> {
    /// Draws it from a point on, in letters of this size.
    pub fn draw(&self, surface: &mut Surface<'_>, (left, base): (f32, f32), size: f32) {
        let mut at = left;
        for (typeface, text, glyphs, width) in &self.runs {
            let start = Point::from_xy(at, base);
            surface.draw_glyphs(start, glyphs, typeface.font.clone(), text, size, false);
            at += width * size;
        }
    }
}
