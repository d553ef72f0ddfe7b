//! From bytes to text: what encoding a file is in, and that it is not too large.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{
    finding::{Findings, Reason},
    limits::Limits,
};

/// The file as text; none when it is too large, which is then a finding.
///
/// A byte order mark decides; then UTF-16 is known by its zeros, UTF-8 by being valid. What is left is
/// read as Windows-1252, with a note, unless the file's own head said so.
pub fn decode(bytes: &[u8], limits: &Limits, findings: &mut Findings) -> Option<String> {
    if bytes.len() > limits.bytes_max {
        let message = format!("the file has {} bytes; at most {}", bytes.len(), limits.bytes_max);
        findings.error(0, Reason::TooLarge, message);
        return None;
    }
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return Some(as_text(encoding, bytes.get(length..).unwrap_or_default(), findings));
    }
    if let Some(encoding) = looks_like_utf16(bytes) {
        return Some(as_text(encoding, bytes, findings));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => {
            findings.note(
                0,
                Reason::Encoding,
                "the file is not UTF-8; it was read as Windows-1252",
            );
            Some(WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned())
        }
    }
}

fn as_text(encoding: &'static Encoding, bytes: &[u8], findings: &mut Findings) -> String {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors {
        let name = if encoding == UTF_8 { "UTF-8" } else { "UTF-16" };
        let message = format!("the file says it is {name}, but parts of it are not");
        findings.note(0, Reason::Encoding, message);
    }
    text.into_owned()
}

/// How many bytes are looked at.
const SAMPLE_BYTES: usize = 256;

/// Text of Latin letters in UTF-16 has a zero in every second byte.
fn looks_like_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(SAMPLE_BYTES))?;
    let pairs: Vec<&[u8]> = sample.chunks_exact(2).collect();
    if pairs.len() < 4 {
        return None;
    }
    let zero_at = |place: usize| pairs.iter().filter(|pair| pair.get(place) == Some(&0)).count();
    let (high_first, low_first) = (zero_at(0), zero_at(1));
    let most = pairs.len() * 7 / 10;
    if low_first >= most && high_first * 10 < pairs.len() {
        Some(UTF_16LE)
    } else if high_first >= most && low_first * 10 < pairs.len() {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> (Option<String>, usize) {
        let mut findings = Findings::new(10);
        let text = decode(bytes, &Limits::default(), &mut findings);
        (text, findings.iter().count())
    }

    #[test]
    fn the_encoding_is_found() {
        let expected = "<A>रोकड़</A> plain";
        let utf16: Vec<u8> = expected.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16).collect();
        assert_eq!(text_of(&marked), (Some(expected.to_owned()), 0));
        assert_eq!(text_of(expected.as_bytes()), (Some(expected.to_owned()), 0));
        let with_mark: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(*b"Date,Amount").collect();
        assert_eq!(text_of(&with_mark), (Some("Date,Amount".to_owned()), 0));
        let unmarked: Vec<u8> = "<ENVELOPE>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text_of(&unmarked), (Some("<ENVELOPE>".to_owned()), 0));
        assert_eq!(text_of(b"caf\xe9"), (Some("café".to_owned()), 1));
        assert_eq!(text_of(b""), (Some(String::new()), 0));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_looked_at() {
        let limits = Limits { bytes_max: 3, ..Limits::default() };
        let mut findings = Findings::new(10);
        assert_eq!(decode(b"four", &limits, &mut findings), None);
        assert_eq!(findings.errors(), 1);
    }
}
